//! Tasks of any kind, by what all kinds have.

use std::cell::OnceCell;

use super::named_image::NamedImage;
use super::program::Program;
use crate::batch::command_line::InvalidCommandLine;
use crate::batch::model::ElevationLevel;
use crate::batch::run_options::{InvalidRunOptions, RunOptions};
use crate::diagnostic::Span;
use crate::recipe::document::{
    Command, Environment, Field, Input, ManagerTask, Output, OutputFile, Pool, PreparationTask, Recipe,
    ReleaseTask, ResourceFile, StartTask, Task, TaskContainer, Word,
};

/// Which kind of task it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskKind {
    /// The start task of a pool.
    Start,
    /// The manager task of a job.
    Manager,
    /// The preparation task of a job.
    Preparation,
    /// The release task of a job.
    Release,
    /// A task of a job.
    Ordinary,
}

impl TaskKind {
    /// What it is called in a message, after an article.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Start => "start task",
            Self::Manager => "manager task",
            Self::Preparation => "preparation task",
            Self::Release => "release task",
            Self::Ordinary => "task",
        }
    }
}

/// Run options, parsed to their end.
#[derive(Debug)]
pub(super) struct ScannedOptions {
    /// What they say.
    pub(super) options: RunOptions,
    /// What is wrong with them.
    pub(super) problems: Vec<InvalidRunOptions>,
}

/// A task of any kind, by what all kinds have.
#[derive(Debug)]
pub struct AnyTask<'a> {
    /// The recipe without its tasks.
    pub recipe: &'a Recipe,
    /// The pool that it runs on, if that is one of this recipe and could be understood.
    pub pool: Option<&'a Pool>,
    /// Which kind.
    pub kind: TaskKind,
    /// Where to point when the task as a whole is meant: its id, or its name, or all of it.
    pub span: Span,
    /// What it runs.
    pub command: Option<&'a Field<Command>>,
    /// The container that it runs in.
    pub container: Option<&'a Field<TaskContainer>>,
    /// Its environment variables.
    pub environment: Option<&'a Field<Environment>>,
    /// The files that it downloads.
    pub resource_files: Option<&'a Field<Vec<Field<ResourceFile>>>>,
    /// The files that it uploads.
    pub output_files: Option<&'a Field<Vec<Field<OutputFile>>>>,
    /// The files that it gets, local ones among them.
    pub inputs: Option<&'a Field<Vec<Field<Input>>>>,
    /// The files that are kept of it, in short.
    pub outputs: Option<&'a Field<Vec<Field<Output>>>>,
    /// The account of the pool that it runs as.
    pub user: Option<&'a Field<String>>,
    /// What the user that Batch makes may do.
    pub elevation: Option<&'a Field<Word<ElevationLevel>>>,
    /// Its run options, once a rule has asked for them.
    scanned: OnceCell<Option<ScannedOptions>>,
    /// What its command runs, once a rule has asked for it.
    program: OnceCell<Result<Option<Program>, InvalidCommandLine>>,
    /// The name of its image, once a rule has asked for it.
    image: OnceCell<Option<NamedImage<'a>>>,
}

/// A task of any kind from one whose command is required.
macro_rules! any_task {
    ($function:ident, $type:ident, $kind:ident, $pool:ty, $inputs:expr, $files:expr) => {
        /// The task as one of any kind, if it could be understood.
        pub(super) fn $function(recipe: &'a Recipe, pool: $pool, field: &'a Field<$type>) -> Option<Self> {
            let task = field.get()?;
            let inputs: fn(&'a $type) -> Option<&'a Field<Vec<Field<Input>>>> = $inputs;
            let output_files: fn(&'a $type) -> Option<&'a Field<Vec<Field<OutputFile>>>> = $files;
            Some(Self {
                recipe,
                pool: pool.into(),
                kind: TaskKind::$kind,
                span: field.span(),
                command: Some(&task.command),
                container: task.container.as_ref(),
                environment: task.environment.as_ref(),
                resource_files: task.resource_files.as_ref(),
                output_files: output_files(task),
                inputs: inputs(task),
                outputs: None,
                user: task.user.as_ref(),
                elevation: task.elevation.as_ref(),
                scanned: OnceCell::new(),
                program: OnceCell::new(),
                image: OnceCell::new(),
            })
        }
    };
}

impl<'a> AnyTask<'a> {
    any_task!(start, StartTask, Start, &'a Pool, |task| task.inputs.as_ref(), |_| None);
    any_task!(manager, ManagerTask, Manager, Option<&'a Pool>, |_| None, |task| task.output_files.as_ref());
    any_task!(preparation, PreparationTask, Preparation, Option<&'a Pool>, |_| None, |_| None);
    any_task!(release, ReleaseTask, Release, Option<&'a Pool>, |_| None, |_| None);

    /// A task of a job as one of any kind.
    pub(super) fn ordinary(recipe: &'a Recipe, pool: Option<&'a Pool>, task: &'a Task) -> Self {
        Self {
            recipe,
            pool,
            kind: TaskKind::Ordinary,
            span: task.id.as_ref().map(Field::span).unwrap_or_default(),
            command: task.command.as_ref(),
            container: task.container.as_ref(),
            environment: task.environment.as_ref(),
            resource_files: task.resource_files.as_ref(),
            output_files: task.output_files.as_ref(),
            inputs: task.inputs.as_ref(),
            outputs: task.outputs.as_ref(),
            user: task.user.as_ref(),
            elevation: task.elevation.as_ref(),
            scanned: OnceCell::new(),
            program: OnceCell::new(),
            image: OnceCell::new(),
        }
    }

    /// The patterns of all files that are kept of it.
    pub(super) fn output_patterns(&self) -> impl Iterator<Item = &'a Field<String>> {
        let long = self.output_files.and_then(Field::get).into_iter().flatten();
        let short = self.outputs.and_then(Field::get).into_iter().flatten();
        let long = long.filter_map(|output| output.get().map(|output| &output.file_pattern));
        long.chain(short.filter_map(|output| output.get().map(|output| &output.pattern)))
    }

    /// What its command runs. `None` if it has no command that could be understood.
    pub(super) fn program(&self) -> Option<&Program> {
        self.read_command().as_ref().ok()?.as_ref()
    }

    /// Why its command cannot be split into arguments.
    pub(super) fn invalid_command(&self) -> Option<&InvalidCommandLine> {
        self.read_command().as_ref().err()
    }

    fn read_command(&self) -> &Result<Option<Program>, InvalidCommandLine> {
        let read = || self.command.and_then(Field::get).map_or(Ok(None), Program::read);
        self.program.get_or_init(read)
    }

    /// The image of its container. `None` if it has none whose name is text.
    pub(super) fn image(&self) -> Option<&NamedImage<'a>> {
        let read = || NamedImage::read(&self.container?.get()?.image);
        self.image.get_or_init(read).as_ref()
    }

    /// The run options of its container. `None` if it has none that could be understood.
    pub(super) fn run_options(&self) -> Option<&ScannedOptions> {
        let scan = || {
            let text = self.container?.get()?.run_options.as_ref()?.get()?;
            let (options, problems) = RunOptions::scan(text);
            Some(ScannedOptions { options, problems })
        };
        self.scanned.get_or_init(scan).as_ref()
    }

    /// Whether it runs as root. `None` if that cannot be told: as an account of the pool, for instance.
    pub(super) fn is_admin(&self) -> Option<bool> {
        match (self.user, self.elevation) {
            (None, Some(elevation)) => Some(elevation.get()?.value() == ElevationLevel::Admin),
            (None, None) => Some(false),
            (Some(_), _) => None,
        }
    }
}
