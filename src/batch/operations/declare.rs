//! How an operation is declared.
//!
//! A declaration reads like the REST reference: method, path, status of success, body of the answer; then the arguments, each
//! led by its place in the request:
//!
//! | place | the argument |
//! |---|---|
//! | `path` | fills the next placeholder of the path |
//! | `query` | knows its own query parameters |
//! | `flag` | is a query parameter of its own name, sent when it is true |
//! | `body` | is the JSON body |
//! | `conditions` | is what must hold for the request to be carried out |
//! | `range` | is the part of a file to return |
//!
//! Operations that the present version has no more bear the name of their time, and the last version that has them:
//! `Certificate until V2024_07_01: AddCertificate as "Certificate_Add": …`.

/// Declares the operations of one family: a plain struct each, its [`Operation`](crate::batch::Operation), and their table.
macro_rules! operations {
    ($family:ident: $($operations:tt)+) => {
        $crate::batch::operations::declare::operations! { @ $family, None; $($operations)+ }
    };
    ($family:ident until $until:ident: $($operations:tt)+) => {
        $crate::batch::operations::declare::operations! {
            @ $family, Some($crate::batch::ApiVersion::$until); $($operations)+
        }
    };
    (@ $family:ident, $until:expr; $(
        $(#[$doc:meta])*
        $name:ident $(as $wire:literal)?: $method:ident $path:literal => $success:literal $($output:ty)? {
            $($(#[$argument_doc:meta])* $place:ident $argument:ident: $type:ty,)*
        }
    )+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone)]
            pub struct $name {
                $($(#[$argument_doc])* pub $argument: $type,)*
            }

            const _: () = assert!(
                $crate::batch::operation::placeholders($path) == 0 $(+ $crate::batch::operations::declare::count!($place))*,
                "an operation has one `path` argument for each placeholder of its path"
            );

            impl $crate::batch::Operation for $name {
                const SPEC: $crate::batch::OperationSpec = $crate::batch::OperationSpec {
                    name: $crate::batch::operations::declare::name!($family $name $($wire)?),
                    method: http::Method::$method,
                    path: $path,
                    success: $success,
                    until: $until,
                };
                type Output = $crate::batch::operations::declare::output!($($output)?);

                fn path_parameters(&self) -> Vec<&str> {
                    [$($crate::batch::operations::declare::path_of!($place self.$argument)),*].into_iter().flatten().collect()
                }

                fn query(&self) -> $crate::batch::operation::Query {
                    [$($crate::batch::operations::declare::query_of!($place self.$argument, $argument)),*]
                        .into_iter()
                        .flatten()
                        .collect()
                }

                fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
                    let body: Option<Result<Vec<u8>, serde_json::Error>> =
                        [None, $($crate::batch::operations::declare::body_of!($place self.$argument)),*].into_iter().flatten().next();
                    body.transpose()
                }

                fn conditions(&self) -> $crate::batch::Conditions {
                    [$($crate::batch::operations::declare::conditions_of!($place self.$argument)),*]
                        .into_iter()
                        .flatten()
                        .next()
                        .unwrap_or_default()
                }

                fn headers(&self) -> Vec<(&'static str, String)> {
                    [$($crate::batch::operations::declare::headers_of!($place self.$argument)),*].into_iter().flatten().collect()
                }
            }
        )+

        /// The operations of this family.
        pub(super) const SPECS: &[$crate::batch::OperationSpec] =
            &[$(<$name as $crate::batch::Operation>::SPEC),+];
    };
}

macro_rules! name {
    ($family:ident $name:ident) => {
        concat!(stringify!($family), "_", stringify!($name))
    };
    ($family:ident $name:ident $wire:literal) => {
        $wire
    };
}

macro_rules! output {
    () => {
        $crate::batch::operation::Nothing
    };
    ($output:ty) => {
        $output
    };
}

macro_rules! count {
    (path) => {
        1
    };
    ($place:ident) => {
        0
    };
}

macro_rules! path_of {
    (path $value:expr) => {
        Some($value.as_str())
    };
    ($place:ident $value:expr) => {
        None
    };
}

macro_rules! query_of {
    (query $value:expr, $name:ident) => {
        $value.parameters()
    };
    (flag $value:expr, $name:ident) => {
        if $value { vec![(stringify!($name), "true".to_owned())] } else { Vec::new() }
    };
    ($place:ident $value:expr, $name:ident) => {
        Vec::new()
    };
}

macro_rules! body_of {
    (body $value:expr) => {
        Some(serde_json::to_vec(&$value))
    };
    ($place:ident $value:expr) => {
        None
    };
}

macro_rules! conditions_of {
    (conditions $value:expr) => {
        Some($value.clone())
    };
    ($place:ident $value:expr) => {
        None
    };
}

macro_rules! headers_of {
    (range $value:expr) => {
        $value.as_ref().map(|range| ("ocp-range", range.clone()))
    };
    ($place:ident $value:expr) => {
        None
    };
}

pub(super) use {body_of, conditions_of, count, headers_of, name, operations, output, path_of, query_of};
