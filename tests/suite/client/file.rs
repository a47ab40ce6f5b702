//! Files, whole and in parts.

use axum::body::Body;
use batchyard::batch::operations::{GetTaskFile, GetTaskFileProperties};
use batchyard::batch::{ErrorCode, JobId, TaskId};
use batchyard::client::{ClientError, FileContent};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use http::Response;

use super::server::{Received, client, error, in_process, respond, router, serve};

const TEXT: &str = "hello from a container\n";

fn stdout() -> GetTaskFile {
    GetTaskFile {
        job_id: JobId::new("j").unwrap(),
        task_id: TaskId::new("t").unwrap(),
        file_path: "stdout.txt".to_owned(),
        range: None,
    }
}

async fn text(content: FileContent) -> String {
    let chunks: Vec<Bytes> = content.bytes.try_collect().await.unwrap();
    String::from_utf8(chunks.concat()).unwrap()
}

fn answer(request: &Received) -> Response<Body> {
    let range = request.header("ocp-range").strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    let content =
        match range.map(|(first, last)| (first.parse::<usize>().unwrap(), last.parse::<usize>().unwrap())) {
            None => TEXT,
            Some((first, _)) if first >= TEXT.len() => return error(416, "InvalidRange"),
            Some((first, last)) => TEXT.get(first..(last + 1).min(TEXT.len())).unwrap(),
        };
    let mut response = respond(200, if request.method == "HEAD" { "" } else { content });
    response.headers_mut().insert("content-length", content.len().into());
    response.headers_mut().insert("last-modified", "Tue, 29 Jul 2014 21:49:13 GMT".parse().unwrap());
    response.headers_mut().insert("ocp-batch-file-isdirectory", "false".parse().unwrap());
    response
}

#[tokio::test]
async fn a_file_is_read_whole_in_parts_and_by_its_size() {
    let (service, _) = router(|request| async move { answer(&request) });
    for client in [client(serve(service.clone()).await), in_process(service)] {
        let content = client.read_file(&stdout()).await.unwrap();
        assert_eq!(content.length, Some(TEXT.len() as u64));
        assert_eq!(text(content).await, TEXT);
        assert_eq!(text(client.read_file_range(&stdout(), 6..10).await.unwrap()).await, "from");
        assert_eq!(text(client.read_file_range(&stdout(), 18..4000).await.unwrap()).await, "iner\n");
        let behind = client.read_file_range(&stdout(), 23..4000).await.unwrap_err();
        assert!(behind.code_is(ErrorCode::INVALID_RANGE));
        let GetTaskFile { job_id, task_id, file_path, .. } = stdout();
        let info = client.file_info(&GetTaskFileProperties { job_id, task_id, file_path }).await.unwrap();
        assert_eq!((info.length, info.is_directory), (TEXT.len() as u64, false));
        assert!(info.last_modified.is_some());
    }
}

#[tokio::test]
async fn a_file_arrives_piece_by_piece_and_a_broken_stream_is_an_error() {
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let receiver = std::sync::Arc::new(std::sync::Mutex::new(Some(receiver)));
    let (service, _) = router(move |_| {
        let mut receiver = receiver.lock().unwrap().take().unwrap();
        let chunks = futures::stream::poll_fn(move |context| receiver.poll_recv(context));
        async move { respond(200, Body::from_stream(chunks)) }
    });
    let client = client(serve(service).await);
    let mut content = client.read_file(&stdout()).await.unwrap().bytes;
    sender.send(Ok(Bytes::from_static(b"one"))).await.unwrap();
    assert_eq!(content.next().await.unwrap().unwrap(), "one");
    sender.send(Ok(Bytes::from_static(b"two"))).await.unwrap();
    assert_eq!(content.next().await.unwrap().unwrap(), "two");
    sender.send(Err(std::io::Error::other("the disk is gone"))).await.unwrap();
    let error = content.next().await.unwrap().unwrap_err();
    assert!(matches!(error, ClientError::Transport { .. }), "{error}");
}
