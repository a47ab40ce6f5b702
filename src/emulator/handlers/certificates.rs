//! Certificates.

use crate::batch::model::BatchCertificateCreateOptions;
use crate::batch::{ErrorCode, Thumbprint};
use crate::emulator::answer::Answer;
use crate::emulator::call::Call;
use crate::emulator::query::ListRequest;
use crate::emulator::refusal::Refusal;
use crate::emulator::store::{CertificateTable, Column, Kind};
use crate::emulator::{admission, wire};

const SET: &str = "certificates";

const COLUMNS: &[Column] = &[
    Column { property: "thumbprint", sql: "key", kind: Kind::Text },
    Column { property: "state", sql: "state", kind: Kind::Text },
    Column {
        property: "stateTransitionTime",
        sql: "json_extract(body, '$.certificate.stateTransitionTime')",
        kind: Kind::Time,
    },
];

pub(crate) async fn add(call: Call) -> Result<Answer, Refusal> {
    let options: BatchCertificateCreateOptions = call.json()?;
    let certificate = admission::certificate(options)?;
    let location = wire::certificate_url(&call.base, &certificate.thumbprint);
    let version = call.account.service.write(move |unit| unit.add_certificate(certificate)).await?;
    Ok(Answer::created(&location, &version))
}

pub(crate) async fn list(call: Call) -> Result<Answer, Refusal> {
    let request = ListRequest::parse(&call)?;
    let page = request.page(COLUMNS)?;
    let base = call.base.clone();
    let read = call.account.service.read(move |store| {
        let records = CertificateTable(store).page(&page)?.into_iter();
        records
            .map(|record| Ok((record.thumbprint.to_string(), wire::certificate(&base, record)?)))
            .collect::<Result<Vec<_>, _>>()
    });
    let certificates = read.await?;
    Ok(request.answer(&call, SET, certificates))
}

pub(crate) async fn get(call: Call) -> Result<Answer, Refusal> {
    let (thumbprint, base) = (thumbprint(&call)?, call.base.clone());
    let read = call.account.service.read(move |store| {
        let found = CertificateTable(store).find(&thumbprint)?;
        let record = found.ok_or(ErrorCode::CERTIFICATE_NOT_FOUND)?;
        let version = record.version();
        Ok((wire::certificate(&base, record)?, version))
    });
    let (certificate, version) = read.await?;
    Ok(Answer::object(&call.base, SET, certificate, &call.select()?).version(&version))
}

pub(crate) async fn delete(call: Call) -> Result<Answer, Refusal> {
    let thumbprint = thumbprint(&call)?;
    let version = call.account.service.write(move |unit| unit.delete_certificate(&thumbprint)).await?;
    Ok(Answer::changed(&call.url(), &version))
}

pub(crate) async fn cancel_deletion(call: Call) -> Result<Answer, Refusal> {
    let thumbprint = thumbprint(&call)?;
    let write = call.account.service.write(move |unit| unit.cancel_certificate_deletion(&thumbprint));
    Ok(Answer::changed(&call.url(), &write.await?))
}

fn thumbprint(call: &Call) -> Result<Thumbprint, Refusal> {
    Thumbprint::parse(call.parameter(0), call.parameter(1))
        .map_err(|error| Refusal::new(ErrorCode::INVALID_URI).with("Reason", error.to_string()))
}
