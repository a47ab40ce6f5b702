//! Application packages. They are made in Azure Resource Manager, which this service is not: it has none.

use crate::batch::ErrorCode;
use crate::emulator::answer::Answer;
use crate::emulator::call::Call;
use crate::emulator::query::ListRequest;
use crate::emulator::refusal::Refusal;

pub(crate) async fn list(call: Call) -> Result<Answer, Refusal> {
    let request = ListRequest::parse(&call)?;
    Ok(request.answer(&call, "applications", Vec::new()))
}

pub(crate) async fn get(_: Call) -> Result<Answer, Refusal> {
    Err(ErrorCode::APPLICATION_NOT_FOUND.into())
}
