//! Task factories → `for_each`.

use super::account::Account;
use super::data::container_and_prefix;
use super::section::Section;
use crate::import::yaml::{Map, Yaml};

/// What a factory makes.
#[derive(Debug)]
pub(super) enum Factory {
    /// There is none: one task.
    Absent,
    /// Tasks.
    Tasks(Box<Tasks>),
    /// None that a recipe could make; why, and what to do instead.
    Refused(String),
}

/// Tasks of a factory.
#[derive(Debug)]
pub(super) struct Tasks {
    /// `for_each`.
    pub(super) for_each: Yaml,
    /// How many there are, where that is known.
    pub(super) count: Option<u64>,
    /// What the fields of its commands are.
    pub(super) fields: Fields,
    /// What every task gets of the blob that it is made of.
    pub(super) resource_file: Option<Yaml>,
}

/// What the fields of a format string stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fields {
    /// Nothing: the command is no format string.
    None,
    /// The one value.
    Item,
    /// So many values, by name.
    Named(usize),
    /// So many values, by position.
    Listed(usize),
    /// A blob in a container.
    Blob(String),
}

impl Fields {
    /// The expression for a field.
    pub(super) fn expression(&self, name: &str) -> Option<String> {
        let position = name.parse::<usize>().ok().filter(|_| !name.starts_with('+'));
        match self {
            Self::None => None,
            Self::Item => position.filter(|position| *position == 0).map(|_| "item".to_owned()),
            Self::Named(count) => {
                position.filter(|position| position < count).map(|position| format!("item.p{position}"))
            }
            Self::Listed(count) => {
                position.filter(|position| position < count).map(|position| format!("item[{position}]"))
            }
            Self::Blob(container) => Some(match name {
                "url" => "item.url".to_owned(),
                // What brings the blob keeps its whole name, so that is where the task finds it.
                "file_path" | "file_name" => "item.path".to_owned(),
                "file_path_with_container" => {
                    format!("'{}/' ~ item.path", container.replace(['\\', '\''], ""))
                }
                "file_name_no_extension" => "item.stem".to_owned(),
                _ => return None,
            }),
        }
    }
}

/// Reads the factory of a task.
pub(super) fn factory(section: &Section<'_>, account: &Account<'_>) -> Factory {
    if !section.is_present() {
        return Factory::Absent;
    }
    let (sweep, random, file) = (section.get("parametric_sweep"), section.get("random"), section.get("file"));
    let made = if section.get("repeat").is_present() {
        repeat(&section.get("repeat"))
    } else if sweep.is_present() {
        parametric_sweep(&sweep)
    } else if random.is_present() {
        from_random(&random)
    } else if file.is_present() {
        from_files(&file.get("azure_storage"), account)
    } else if section.get("custom").is_present() {
        Err("it runs Python code of yours: write its values as a list under `for_each`".to_owned())
    } else {
        // Batch Shipyard said nothing and made no task.
        section.changed(
            "one task; Batch Shipyard made none of a factory that only names its tasks, without a word",
        );
        return Factory::Absent;
    };
    match made {
        Ok(tasks) => Factory::Tasks(Box::new(tasks)),
        Err(why) => Factory::Refused(why),
    }
}

fn tasks(for_each: Yaml, count: u64, fields: Fields) -> Tasks {
    Tasks { for_each, count: Some(count), fields, resource_file: None }
}

fn repeat(section: &Section<'_>) -> Result<Tasks, String> {
    let count = section
        .integer()
        .and_then(|count| u64::try_from(count).ok())
        .ok_or("`repeat` is no number of tasks")?;
    Ok(tasks(Yaml::short([("repeat", Yaml::plain(count))]), count, Fields::None))
}

fn parametric_sweep(sweep: &Section<'_>) -> Result<Tasks, String> {
    let [product, iterables, zip, combinations, permutations] =
        ["product", "product_iterables", "zip", "combinations", "permutations"].map(|key| sweep.get(key));
    if product.is_present() {
        let ranges = product.items().iter().map(range).collect::<Result<Vec<_>, _>>()?;
        return over_all(
            ranges.into_iter().map(|(range, count)| (Yaml::short([("range", range)]), count)).collect(),
        );
    }
    if iterables.is_present() {
        let lists = iterables.items().iter().map(values).collect::<Vec<_>>();
        return over_all(
            lists.into_iter().map(|values| (Yaml::texts(values.clone()), values.len() as u64)).collect(),
        );
    }
    if zip.is_present() {
        return Ok(zipped(zip.items().iter().map(values).collect()));
    }
    if combinations.is_present() {
        return chosen("combinations", &combinations);
    }
    if permutations.is_present() {
        return chosen("permutations", &permutations);
    }
    Err("`parametric_sweep` says over what in none of the ways that there are".to_owned())
}

/// Every combination of some lists, the last changing fastest.
fn over_all(axes: Vec<(Yaml, u64)>) -> Result<Tasks, String> {
    let count = axes.iter().fold(1_u64, |product, (_, count)| product.saturating_mul(*count));
    let number = axes.len();
    let mut axes = axes.into_iter();
    match (number, axes.next()) {
        (0, _) | (_, None) => Err("it goes over nothing".to_owned()),
        (1, Some((axis, _))) => Ok(tasks(axis, count, Fields::Item)),
        (_, Some(first)) => {
            let mut map = Map::default();
            for (position, (axis, _)) in std::iter::once(first).chain(axes).enumerate() {
                map.put(&format!("p{position}"), axis);
            }
            Ok(tasks(map.in_short(), count, Fields::Named(number)))
        }
    }
}

/// `start`, `stop` and `step` as the first number, the last and the step.
fn range(section: &Section<'_>) -> Result<(Yaml, u64), String> {
    let number = |key: &str| {
        section.get(key).integer().ok_or(format!("`{}.{key}` is no whole number", section.path()))
    };
    let (start, stop, step) = (number("start")?, number("stop")?, number("step")?);
    range_of(start, stop, step).ok_or_else(|| format!("`{}` never ends: its step is 0", section.path()))
}

fn range_of(start: i64, stop: i64, step: i64) -> Option<(Yaml, u64)> {
    let (first, end, by) = (i128::from(start), i128::from(stop), i128::from(step));
    let distance = if by > 0 { end - first } else { first - end };
    if by == 0 {
        return None;
    }
    let count = if distance <= 0 { 0 } else { (distance + by.abs() - 1) / by.abs() };
    let last = if count == 0 { first - by } else { first + (count - 1) * by };
    let mut numbers = vec![Yaml::plain(first), Yaml::plain(last)];
    if step != 1 {
        numbers.push(Yaml::plain(step));
    }
    Some((Yaml::List(numbers), u64::try_from(count).unwrap_or(u64::MAX)))
}

/// What Python goes over: the values of a list, or the letters of a text.
fn values(section: &Section<'_>) -> Vec<String> {
    if section.is_list() {
        return section.texts().iter().map(|text| crate::import::expressions::inert(text)).collect();
    }
    section.text().unwrap_or_default().chars().map(String::from).collect()
}

/// The first values of all, the second values, and so on to the end of the shortest.
fn zipped(lists: Vec<Vec<String>>) -> Tasks {
    let shortest = lists.iter().map(Vec::len).min().unwrap_or(0);
    let number = lists.len();
    let mut map = Map::default();
    for (position, list) in lists.into_iter().enumerate() {
        map.put(&format!("p{position}"), Yaml::texts(list.into_iter().take(shortest)));
    }
    tasks(Yaml::short([("zip", map.in_short())]), shortest as u64, Fields::Named(number))
}

fn chosen(kind: &str, section: &Section<'_>) -> Result<Tasks, String> {
    let values = values(&section.get("iterable"));
    let all = values.len();
    let length = section.get("length").integer();
    let length = length
        .map_or(Ok(all), |length| usize::try_from(length).map_err(|_| "`length` is negative".to_owned()))?;
    let replacement = kind == "combinations" && section.get("replacement").is_on();
    let mut map = Map::default();
    map.put("of", Yaml::texts(values)).put("length", Yaml::plain(length));
    if replacement {
        map.put("replacement", Yaml::plain(true));
    }
    let of = if replacement { all.saturating_add(length).saturating_sub(1) } else { all };
    // More factors than that make no number of tasks that anybody could want.
    let factors = (0..length.min(10_000)).map(|taken| of.saturating_sub(taken) as u128);
    let ways = factors.enumerate().fold(1_u128, |ways, (taken, left)| {
        let ways = ways.saturating_mul(left);
        if kind == "combinations" { ways / (taken as u128 + 1) } else { ways }
    });
    let count = u64::try_from(ways).unwrap_or(u64::MAX);
    Ok(tasks(Yaml::short([(kind, map.in_short())]), count, Fields::Listed(length)))
}

/// Distributions with the parameters that both call alike, and those that Python calls otherwise.
const DISTRIBUTIONS: &[(&str, &[(&str, &str)])] = &[
    ("uniform", &[("a", "low"), ("b", "high")]),
    ("triangular", &[("low", "low"), ("high", "high"), ("mode", "mode")]),
    ("beta", &[("alpha", "alpha"), ("beta", "beta")]),
    ("exponential", &[("lambda", "lambda")]),
    ("gamma", &[("alpha", "alpha"), ("beta", "beta")]),
    ("gauss", &[("mu", "mu"), ("sigma", "sigma")]),
    ("lognormal", &[("mu", "mu"), ("sigma", "sigma")]),
    ("pareto", &[("alpha", "alpha")]),
    ("weibull", &[("alpha", "alpha"), ("beta", "beta")]),
];

fn from_random(section: &Section<'_>) -> Result<Tasks, String> {
    let count = section.get("generate").integer().and_then(|count| u64::try_from(count).ok());
    let count = count.ok_or("`random.generate` is no number of tasks")?;
    let mut map = Map::default();
    map.put("count", Yaml::plain(count));
    map.put_some(
        "seed",
        section.get("seed").integer().and_then(|seed| u64::try_from(seed).ok()).map(Yaml::plain),
    );
    let integer = section.get("integer");
    let distribution = section.get("distribution");
    let known = DISTRIBUTIONS.iter().find(|(name, _)| distribution.get(name).is_present());
    if integer.is_present() {
        let (range, values) = range(&integer)?;
        if values == 0 {
            return Err("`random.integer` has no number to draw".to_owned());
        }
        map.put("integer", Yaml::Short(Box::new(range)));
    } else if let Some((name, parameters)) = known {
        let section = distribution.get(name);
        let mut values = Map::default();
        for (python, own) in *parameters {
            values.put_some(own, section.get(python).number().map(Yaml::plain));
        }
        map.put(name, values.in_short());
    } else {
        return Err("`random` draws from none of the distributions that there are".to_owned());
    }
    Ok(tasks(Yaml::short([("random", map.in_short())]), count, Fields::Item))
}

fn from_files(source: &Section<'_>, account: &Account<'_>) -> Result<Tasks, String> {
    if source.get("is_file_share").is_on() {
        return Err("a file share cannot be listed: move the files to a container".to_owned());
    }
    let storage =
        account.storage(&source.get("storage_account_settings")).ok_or("it names no storage account")?;
    let remote = source.get("remote_path").word().unwrap_or_default();
    let (container, folder) = container_and_prefix(&remote);
    let container = super::names::slug(container).ok_or("it names no container")?;
    let url = format!("https://{}.blob.{}/{container}", storage.name, storage.endpoint);
    let mut map = Map::default();
    map.put("container", Yaml::text(url));
    if !folder.is_empty() {
        map.put("prefix", Yaml::text(format!("{folder}/")));
    }
    for key in ["include", "exclude"] {
        let mut patterns = source.get(key).texts();
        let patterns = match (patterns.pop(), patterns.is_empty()) {
            (None, _) => continue,
            (Some(only), true) => Yaml::text(only),
            (Some(last), false) => Yaml::texts(patterns.into_iter().chain([last])),
        };
        map.put(key, patterns);
    }
    source.log().to_do(format!(
        "every command that reads the recipe lists the container `{container}` of `{}`: set AZURE_STORAGE_ACCOUNT, and AZURE_STORAGE_KEY or \
         AZURE_STORAGE_SAS_TOKEN, or `validate` and `plan` end with `unlisted`",
        storage.name
    ));
    let mut file = Map::default();
    file.put("storage_container_url", account.container_url(&storage, &container));
    file.put("blob_prefix", Yaml::text("${{ item.path }}"));
    let mut outer = Map::default();
    outer.put("blobs", map.long());
    Ok(Tasks {
        for_each: outer.long(),
        count: None,
        fields: Fields::Blob(container),
        resource_file: Some(file.in_short()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_end_with_the_number_before_their_stop() {
        let numbers = |start, stop, step| {
            let (range, count) = range_of(start, stop, step)?;
            let mut map = Map::default();
            map.put("r", Yaml::Short(Box::new(range)));
            Some(format!("{} {count}", map.document().trim()))
        };
        assert_eq!(numbers(0, 10, 1).as_deref(), Some("r: [0, 9] 10"));
        assert_eq!(numbers(0, 10, 3).as_deref(), Some("r: [0, 9, 3] 4"));
        assert_eq!(numbers(5, 0, -2).as_deref(), Some("r: [5, 1, -2] 3"));
        assert_eq!(numbers(5, 5, 1).as_deref(), Some("r: [5, 4] 0"));
        assert_eq!(numbers(0, 1, 0), None);
        assert_eq!(
            numbers(i64::MIN, i64::MAX, 1).map(|text| text.ends_with("18446744073709551615")),
            Some(true)
        );
    }
}
