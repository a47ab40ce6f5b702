//! Tasks on several nodes: what Batch Shipyard wrote around their commands.

use super::account::Account;
use super::command::Command;
use super::data;
use super::pool::Nodes;
use super::section::Section;
use crate::import::yaml::{Map, Yaml};

/// What every instance runs first, unless the task says otherwise: Batch Shipyard's own default on native pools.
const SSH_SERVER: &str = "/usr/sbin/sshd -p 23";

const RUNTIMES: &[&str] = &["intelmpi", "intelmpi-ofa", "mpich", "mvapich", "openmpi"];

/// How many nodes a task wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instances {
    /// So many.
    Number(i64),
    /// All dedicated nodes of the pool.
    Dedicated,
    /// All low-priority nodes of the pool.
    Spot,
}

impl Instances {
    /// Reads what a task wants.
    pub(super) fn of(task: &Section<'_>) -> Option<Self> {
        let section = task.at("multi_instance.num_instances");
        let word = section.word()?;
        match word.as_str() {
            "pool_current_dedicated"
            | "pool_specification_vm_count_dedicated"
            | "pool_specification_vm_count" => Some(Self::Dedicated),
            "pool_current_low_priority" | "pool_specification_vm_count_low_priority" => Some(Self::Spot),
            _ => match word.parse() {
                Ok(number) if number > 0 => Some(Self::Number(number)),
                _ => {
                    section.dropped("not understood: a number or a word such as `pool_current_dedicated` is expected here");
                    None
                }
            },
        }
    }

    /// As a recipe says it, and as a shell counts it.
    fn written(self, nodes: Nodes) -> (Yaml, String) {
        let fixed = |count: i64| (Yaml::plain(count.max(1)), count.max(1).to_string());
        let parameter = |name: &str| {
            let expression = format!("${{{{ params.{name} }}}}");
            (Yaml::text(&expression), expression)
        };
        match self {
            Self::Number(count) => fixed(count),
            Self::Dedicated if nodes.by_formula => fixed(nodes.dedicated),
            Self::Spot if nodes.by_formula => fixed(nodes.spot),
            Self::Dedicated => parameter("nodes"),
            Self::Spot => parameter("spot_nodes"),
        }
    }
}

/// `multi_instance` of a task, and its command with the launcher before it.
pub(super) fn multi_instance(
    task: &Section<'_>,
    nodes: Nodes,
    account: &Account<'_>,
    command: &mut Option<Command>,
) -> Option<Map> {
    let section = task.get("multi_instance");
    if !section.is_present() {
        return None;
    }
    let instances = Instances::of(task).unwrap_or(Instances::Dedicated);
    if nodes.by_formula && !matches!(instances, Instances::Number(_)) {
        section
            .get("num_instances")
            .changed("a number: a formula says how many nodes there are, and the recipe cannot know it");
    }
    let (number, counted) = instances.written(nodes);
    let mut settings = Map::default();
    settings.put("number_of_instances", number);
    let coordination = section.get("coordination_command");
    match coordination.word() {
        Some(own) => {
            let mut own = Command::read(&crate::import::expressions::inert(&own));
            own.with_shell_if_needed();
            settings.put("coordination_command", own.yaml());
        }
        None => {
            settings.put("coordination_command", Yaml::text(SSH_SERVER));
        }
    }
    let files = data::resource_files(&section.get("resource_files"), account);
    if !files.is_empty() {
        settings.put("common_resource_files", Yaml::List(files));
    }
    let mpi = section.get("mpi");
    let runtime = mpi.get("runtime").one_of(RUNTIMES);
    let before =
        section.get("pre_execution_command").word().map(|before| crate::import::expressions::inert(&before));
    if let Some(inner) = command.take() {
        let launched = match runtime {
            Some(runtime) => {
                let launcher = launcher(runtime, &mpi, &counted);
                Command::script("/bin/bash", format!("{launcher} {}", inner.in_script()))
            }
            None => inner,
        };
        *command = Some(match before {
            // What it sources is for bash.
            Some(before) => Command::script("/bin/bash", format!("{before} && {}", in_bash(&launched))),
            None => launched,
        });
    }
    Some(settings)
}

/// A command as part of a script of bash.
fn in_bash(command: &Command) -> String {
    if command.is_script_of("/bin/bash") { command.text().to_owned() } else { command.in_script() }
}

/// The launcher, as Batch Shipyard would have written it.
fn launcher(runtime: &str, mpi: &Section<'_>, instances: &str) -> String {
    // Batch Shipyard made lower-case letters of the path. What the file is called is what counts.
    let path = mpi.get("executable_path").word().unwrap_or_else(|| "mpirun".to_owned());
    if path.chars().any(|c| c.is_ascii_uppercase()) {
        mpi.get("executable_path")
            .changed("part of the launcher, with its capital letters; Batch Shipyard lost them");
    }
    let per_node = mpi.get("processes_per_node").word();
    let is_number = per_node.as_deref().is_some_and(|count| count.parse::<u32>().is_ok());
    let each = per_node.map(|count| if is_number { count } else { format!("$({count})") });
    let mut words = vec![path];
    if runtime == "openmpi" {
        words.extend(
            [
                "--allow-run-as-root",
                "--mca plm_rsh_args '-p 23'",
                "--oversubscribe",
                "--host $AZ_BATCH_HOST_LIST",
            ]
            .map(str::to_owned),
        );
    } else {
        words.push("-hosts $AZ_BATCH_HOST_LIST".to_owned());
    }
    if let Some(each) = each {
        words.push(format!("-np {}", product(instances, &each)));
        words.push(match runtime {
            "openmpi" => format!("--map-by ppr:{each}:node"),
            "mpich" | "mvapich" => format!("-ppn {each}"),
            _ => format!("-perhost {each}"),
        });
    }
    if runtime == "intelmpi-ofa" {
        words.push("-env I_MPI_FABRICS shm:ofa".to_owned());
    }
    words.extend(mpi.get("options").texts());
    words.join(" ")
}

/// How many processes there are, counted by the recipe where it can be and by the shell where not.
fn product(instances: &str, each: &str) -> String {
    match (instances.parse::<u64>(), each.parse::<u64>()) {
        (_, Ok(1)) => instances.to_owned(),
        (Ok(instances), Ok(each)) => instances.saturating_mul(each).to_string(),
        (Err(_), Ok(each)) => match instances.strip_suffix(" }}") {
            Some(expression) => format!("{expression} * {each} }}}}"),
            None => instances.to_owned(),
        },
        (_, Err(_)) => format!("$(({instances} * {each}))"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_counted_by_whoever_can() {
        assert_eq!(product("2", "4"), "8");
        assert_eq!(product("${{ params.nodes }}", "1"), "${{ params.nodes }}");
        assert_eq!(product("${{ params.nodes }}", "4"), "${{ params.nodes * 4 }}");
        assert_eq!(product("2", "$(nproc)"), "$((2 * $(nproc)))");
    }
}
