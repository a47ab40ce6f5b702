//! Files of tasks and nodes.

use std::path::{Path, PathBuf};

use axum::body::Body;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use crate::batch::{ErrorCode, JobId, NodeId, PoolId, TaskId};
use crate::emulator::answer::Answer;
use crate::emulator::call::Call;
use crate::emulator::conditions;
use crate::emulator::files::{Found, NodeFiles, ReadError, RemoveError, parse_range};
use crate::emulator::query::ListRequest;
use crate::emulator::refusal::Refusal;
use crate::emulator::service::Failure;
use crate::emulator::store::{JobTable, NodeTable, PoolTable, StoreError, TaskTable, Version};
use crate::node::layout::NodeLayout;

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// As much of a file as is read at a time.
const CHUNK: usize = 64 * 1024;

pub(crate) async fn list_of_task(call: Call) -> Result<Answer, Refusal> {
    let files = of_task(&call).await?;
    list(call, files).await
}

pub(crate) async fn list_of_node(call: Call) -> Result<Answer, Refusal> {
    let files = of_node(&call).await?;
    list(call, files).await
}

pub(crate) async fn get_of_task(call: Call) -> Result<Answer, Refusal> {
    let files = of_task(&call).await?;
    get(call, files).await
}

pub(crate) async fn get_of_node(call: Call) -> Result<Answer, Refusal> {
    let files = of_node(&call).await?;
    get(call, files).await
}

pub(crate) async fn properties_of_task(call: Call) -> Result<Answer, Refusal> {
    let files = of_task(&call).await?;
    properties(call, files).await
}

pub(crate) async fn properties_of_node(call: Call) -> Result<Answer, Refusal> {
    let files = of_node(&call).await?;
    properties(call, files).await
}

pub(crate) async fn delete_of_task(call: Call) -> Result<Answer, Refusal> {
    let files = of_task(&call).await?;
    delete(call, files).await
}

pub(crate) async fn delete_of_node(call: Call) -> Result<Answer, Refusal> {
    let files = of_node(&call).await?;
    delete(call, files).await
}

/// The files of the task that is asked for: below its directory, on the node where it ran last.
async fn of_task(call: &Call) -> Result<NodeFiles, Refusal> {
    let (job, id) = (call.id::<JobId>(0)?, call.id::<TaskId>(1)?);
    let read = call.account.service.read(move |store| {
        let job = JobTable(store).find(&job)?.ok_or(ErrorCode::JOB_NOT_FOUND)?;
        let task = TaskTable(store).find(job.row, &id)?.ok_or(ErrorCode::TASK_NOT_FOUND)?;
        let place = task.life.place.ok_or(ErrorCode::TASK_FILES_UNAVAILABLE)?;
        let pool = PoolTable(store).find(&place.pool_id)?.ok_or(ErrorCode::TASK_FILES_UNAVAILABLE)?;
        let node =
            NodeTable(store).find(pool.row, &place.node_id)?.ok_or(ErrorCode::TASK_FILES_UNAVAILABLE)?;
        Ok((job.job.id, task.definition.id, node.address()))
    });
    let (job, task, node) = read.await?;
    let layout = NodeLayout::new(call.account.node_root(&node));
    let directory = layout.task(&job, &task).path().to_owned();
    let below = directory.strip_prefix(layout.root()).map(Path::to_owned).unwrap_or_default();
    let url = format!("{}/jobs/{job}/tasks/{task}/files", call.base);
    Ok(NodeFiles::new(layout.root().to_owned(), below, url))
}

async fn of_node(call: &Call) -> Result<NodeFiles, Refusal> {
    let (pool, id) = (call.id::<PoolId>(0)?, call.id::<NodeId>(1)?);
    let read = call.account.service.read(move |store| {
        let pool = PoolTable(store).find(&pool)?.ok_or(ErrorCode::POOL_NOT_FOUND)?;
        let node = NodeTable(store).find(pool.row, &id)?.ok_or(ErrorCode::NODE_NOT_FOUND)?;
        Ok(node.address())
    });
    let node = read.await?;
    let url = format!("{}/pools/{}/nodes/{}/files", call.base, node.pool_id, node.node_id);
    Ok(NodeFiles::new(call.account.node_root(&node), PathBuf::new(), url))
}

async fn list(call: Call, files: NodeFiles) -> Result<Answer, Refusal> {
    let request = ListRequest::parse(&call)?;
    let recursive = call.flag("recursive")?;
    let listed = in_background(move || files.list(recursive)).await?;
    let objects = listed
        .into_iter()
        .map(|file| Ok((file.name.clone(), serde_json::to_value(&file)?)))
        .collect::<Result<Vec<_>, serde_json::Error>>()
        .map_err(|error| Failure::from(StoreError::from(error)))?;
    let page = request.pick(&["name"], objects)?;
    Ok(request.answer(&call, "files", page))
}

async fn properties(call: Call, files: NodeFiles) -> Result<Answer, Refusal> {
    let (path, url) = path(&call, &files);
    let found = in_background(move || files.find(&path)).await?;
    check(&call, &found)?;
    let length = if found.is_directory { 0 } else { found.properties.content_length };
    Ok(Answer::file(&url, &found.properties, found.is_directory, length))
}

async fn get(call: Call, files: NodeFiles) -> Result<Answer, Refusal> {
    let (path, url) = path(&call, &files);
    let (found, file) = in_background(move || files.open(&path)).await?;
    check(&call, &found)?;
    if found.is_directory {
        return Err(Refusal::new(ErrorCode::OPERATION_INVALID_FOR_CURRENT_STATE)
            .with("Reason", "it is a directory; list the files to see what is in it"));
    }
    let length = found.properties.content_length;
    let (start, count) = match call.header("ocp-range") {
        None => (0, length),
        Some(range) => parse_range(range, length).ok_or_else(|| {
            Refusal::new(ErrorCode::INVALID_RANGE)
                .with("Range", range)
                .with("ContentLength", length.to_string())
        })?,
    };
    let mut file = tokio::fs::File::from_std(file);
    file.seek(std::io::SeekFrom::Start(start)).await.map_err(unreadable)?;
    // No more than there was when the length was told, also if the task goes on writing.
    let content = ReaderStream::with_capacity(file.take(count), CHUNK);
    Ok(Answer::file(&url, &found.properties, false, count).stream(Body::from_stream(content)))
}

async fn delete(call: Call, files: NodeFiles) -> Result<Answer, Refusal> {
    let (path, _) = path(&call, &files);
    let recursive = call.flag("recursive")?;
    let removed = in_background(move || match files.delete(&path, recursive) {
        Ok(()) => Ok(true),
        Err(RemoveError::NotEmpty) => Ok(false),
        Err(RemoveError::Read(error)) => Err(error),
    });
    if removed.await? {
        Ok(Answer::done())
    } else {
        Err(Refusal::new(ErrorCode::OPERATION_INVALID_FOR_CURRENT_STATE)
            .with("Reason", "the folder is not empty; `recursive=true` removes it with what is in it"))
    }
}

/// The file that is asked for, by its path and its URL. Clients on Windows write `wd\out.txt`.
fn path(call: &Call, files: &NodeFiles) -> (String, String) {
    let path = call.parameter(2).replace('\\', "/");
    let url = format!("{}/{}", files.url(), utf8_percent_encode(&path, SEGMENT));
    (path, url)
}

fn check(call: &Call, found: &Found) -> Result<(), Refusal> {
    let version = Version::of_file(found.properties.last_modified);
    Ok(conditions::check_read(&call.conditions()?, &version)?)
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(ReadError::NotFound)) => Err(ErrorCode::FILE_NOT_FOUND.into()),
        Ok(Err(ReadError::Io(error))) => Err(unreadable(error)),
        Err(error) => Err(Refusal::new(ErrorCode::INTERNAL_ERROR).with("Reason", error.to_string())),
    }
}

fn unreadable(error: std::io::Error) -> Refusal {
    Refusal::new(ErrorCode::INTERNAL_ERROR).with("Reason", format!("the file can't be read: {error}"))
}
