//! Virtual machine images. Nodes of this service are folders of this machine, so the list says which images a pool can name and
//! still be taken by Azure Batch: Linux images that are made for containers.

use serde_json::{Value, json};

use crate::emulator::answer::Answer;
use crate::emulator::call::Call;
use crate::emulator::query::ListRequest;
use crate::emulator::refusal::Refusal;

/// Publisher, offer, SKU, node agent.
const IMAGES: &[[&str; 4]] = &[
    ["microsoft-azure-batch", "ubuntu-server-container", "20-04-lts", "batch.node.ubuntu 20.04"],
    ["microsoft-azure-batch", "ubuntu-server-container-rdma", "20-04-lts", "batch.node.ubuntu 20.04"],
    ["microsoft-dsvm", "ubuntu-hpc", "2204", "batch.node.ubuntu 22.04"],
    ["microsoft-dsvm", "ubuntu-hpc", "2404", "batch.node.ubuntu 24.04"],
];

pub(crate) async fn list(call: Call) -> Result<Answer, Refusal> {
    let request = ListRequest::parse(&call)?;
    let images = IMAGES.iter().map(|[publisher, offer, sku, agent]| {
        let image = json!({
            "nodeAgentSKUId": agent,
            "imageReference": {"publisher": publisher, "offer": offer, "sku": sku, "version": "latest"},
            "osType": "linux",
            "capabilities": ["DockerCompatible"],
            "verificationType": "verified",
        });
        (format!("{publisher}/{offer}/{sku}"), image)
    });
    let images: Vec<(String, Value)> = images.collect();
    let page = request.pick(&["osType", "verificationType", "nodeAgentSKUId"], images)?;
    Ok(request.answer(&call, "supportedimages", page))
}

/// The same by node agent, as it was listed until 2018-12-01.8.0.
pub(crate) async fn list_node_agents(call: Call) -> Result<Answer, Refusal> {
    let request = ListRequest::parse(&call)?;
    let mut agents: Vec<(String, Value)> = Vec::new();
    for [publisher, offer, sku, agent] in IMAGES {
        let image = json!({"publisher": publisher, "offer": offer, "sku": sku, "version": "latest"});
        match agents.iter_mut().find(|(id, _)| id == agent) {
            Some((_, known)) => {
                if let Some(images) = known["verifiedImageReferences"].as_array_mut() {
                    images.push(image);
                }
            }
            None => agents.push((
                (*agent).to_owned(),
                json!({"id": agent, "verifiedImageReferences": [image], "osType": "linux"}),
            )),
        }
    }
    let page = request.pick(&["osType", "id"], agents)?;
    Ok(request.answer(&call, "nodeagentskus", page))
}
