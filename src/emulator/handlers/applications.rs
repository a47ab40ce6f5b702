//! Application packages. They are made in Azure Resource Manager, which this service is not: here they lie in a folder.

use serde_json::{Value, json};

use crate::batch::ErrorCode;
use crate::batch::model::{BatchApplication, BatchApplicationPackageReference};
use crate::emulator::answer::Answer;
use crate::emulator::call::Call;
use crate::emulator::query::ListRequest;
use crate::emulator::refusal::Refusal;
use crate::node::{Application, Applications, UnknownPackage};

const SET: &str = "applications";

pub(crate) async fn list(call: Call) -> Result<Answer, Refusal> {
    let request = ListRequest::parse(&call)?;
    let applications = look(&call, |applications| applications.list().map_err(unreadable)).await?;
    let applications =
        applications.into_iter().map(|application| (application.id.clone(), shown(application))).collect();
    let page = request.pick(&[], applications)?;
    Ok(request.answer(&call, SET, page))
}

pub(crate) async fn get(call: Call) -> Result<Answer, Refusal> {
    let id = call.parameter(0).to_owned();
    let found = look(&call, move |applications| applications.find(&id).map_err(unreadable)).await?;
    let application = found.ok_or(ErrorCode::APPLICATION_NOT_FOUND)?;
    Ok(Answer::object(&call.base, SET, shown(application), &call.select()?))
}

/// Refuses what a pool refers to and is not there.
pub(super) async fn refuse_unknown(
    call: &Call,
    references: Option<&[BatchApplicationPackageReference]>,
) -> Result<(), Refusal> {
    let references = references.unwrap_or_default().to_vec();
    if references.is_empty() {
        return Ok(());
    }
    look(call, move |applications| {
        references.iter().try_for_each(|reference| {
            applications.check(reference).map_err(|error| match error {
                UnknownPackage::Unreadable { source, .. } => unreadable(source),
                error => Refusal::new(ErrorCode::INVALID_APPLICATION_PACKAGE_REFERENCES)
                    .with("ApplicationId", reference.application())
                    .with("Version", reference.version.clone().unwrap_or_default())
                    .with("Reason", error.to_string()),
            })
        })
    })
    .await
}

/// Looks at the packages, where it holds up nobody.
async fn look<T: Send + 'static>(
    call: &Call,
    look: impl FnOnce(&Applications) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let applications = call.account.applications.clone();
    let looked = tokio::task::spawn_blocking(move || look(&applications)).await;
    looked.unwrap_or_else(|error| Err(unreadable(error)))
}

fn unreadable(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(ErrorCode::INTERNAL_ERROR)
        .with("Reason", format!("the folder of the application packages can't be read: {error}"))
}

/// An application as clients see it. Which version is the default one, the real service does not say either.
fn shown(Application { id, versions, .. }: Application) -> Value {
    let application = BatchApplication { display_name: id.clone(), id, versions };
    json!(application)
}
