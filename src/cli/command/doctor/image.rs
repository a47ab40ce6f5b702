//! `doctor image`: an image in its registry, and what it means for the tasks of a recipe.

use crate::batch::ImageReference;
use crate::batch::image_reference::InvalidImageReference;
use crate::cli::args::{DoctorImageArgs, RecipeArgs};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::patience::Patience;
use crate::cli::recipe::load_recipe;
use crate::doctor::{Examination, RecipeUses, uses_of};
use crate::exit_code::ExitCode;
use crate::node::builtin;
use crate::node::runtime::oci::look;
use crate::node::runtime::{RegistryCredential, RuntimeError};
use crate::recipe::Loaded;
use crate::settings::secret_source;
use crate::view::{human, json};

pub(super) async fn run(context: &Context, args: &DoctorImageArgs) -> Result<ExitCode, CommandError> {
    let image: ImageReference = args.image.parse().map_err(|error: InvalidImageReference| {
        CommandError::from_error(error)
            .code(ExitCode::Usage)
            .hint(Some("a name looks like python:3.12 or registry.example.com:5000/team/tool:1.0".to_owned()))
    })?;
    if builtin::is_builtin(&args.image) {
        let message = format!("the image `{}` is in no registry", args.image);
        return Err(CommandError::new(ExitCode::Error, message)
            .because(["the nodes of the local account put it together from this program".to_owned()])
            .hint(Some(
                "docs/emulator.md says what is in it; use it with the local account only".to_owned(),
            )));
    }
    let loaded = args.recipe.as_ref().map(|path| {
        load_recipe(context, &RecipeArgs { path: path.clone(), parameters: args.parameters.clone() })
    });
    let loaded = loaded.transpose()?;
    let uses = loaded.as_ref().map(|loaded| uses_of(&image, &loaded.desired)).transpose();
    let uses = uses.map_err(CommandError::from_error)?;
    let login = match (&loaded, &uses) {
        (Some(loaded), Some(uses)) => login(context, &image, loaded, uses)?,
        _ => None,
    };
    let patience = Patience::with(&context.printer, "asking the registry");
    let report =
        look(&args.image, login.as_ref()).await.map_err(|error| failed(args, login.as_ref(), error))?;
    drop(patience);
    let user = login.as_ref().map(|login| login.username.as_str());
    let recipe = loaded.as_ref().map(|loaded| loaded.desired.recipe.to_string());
    let examination = Examination::new(image.to_string(), user, report, recipe, uses);
    let is_well = examination.is_well();
    if context.printer.is_json() {
        context.printer.json(&json::image(&examination))?;
    } else {
        human::image(&mut *context.printer.news(is_well), &examination)?;
    }
    Ok(if is_well { ExitCode::Success } else { ExitCode::Unhealthy })
}

/// The login that the recipe has for the image's registry.
fn login(
    context: &Context,
    image: &ImageReference,
    loaded: &Loaded,
    uses: &RecipeUses,
) -> Result<Option<RegistryCredential>, CommandError> {
    let Some(registry) = &uses.registry else { return Ok(None) };
    let (Some(username), Some(reference)) = (&registry.username, &registry.password) else { return Ok(None) };
    let find = secret_source(context.variables.clone(), loaded.folder.clone());
    let password = find(reference).map_err(|reason| {
        let message =
            format!("the password of `{username}` for the registry {} can't be had", image.registry());
        CommandError::new(ExitCode::Error, message)
            .because([format!("the recipe refers to {reference}: {reason}")])
    })?;
    Ok(Some(RegistryCredential { server: image.registry().to_owned(), username: username.clone(), password }))
}

fn failed(args: &DoctorImageArgs, login: Option<&RegistryCredential>, error: RuntimeError) -> CommandError {
    let hint = match (&error, login, &args.recipe) {
        (RuntimeError::Unauthorized { .. }, Some(_), _) => {
            "look at user and password in the recipe, and at what that user may read"
        }
        (RuntimeError::Unauthorized { .. }, None, Some(_)) => {
            "the recipe has no user and password for this registry: name it among the registries of the pool's container"
        }
        (RuntimeError::Unauthorized { .. }, None, None) => {
            "name a recipe that logs in to the registry: --recipe PATH"
        }
        (RuntimeError::ImageNotFound { .. }, ..) => {
            "look at the name and the tag; the registry lists what it has"
        }
        (RuntimeError::InvalidImage { .. }, ..) => "only container images can be looked at",
        _ => "is the registry's name right, and can this machine reach it? HTTPS_PROXY names a proxy",
    };
    CommandError::from_error(error).hint(Some(hint.to_owned()))
}
