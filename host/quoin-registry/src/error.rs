//! Why a file is not a bundle.

use quoin_core::limits::{
    BUNDLE_BYTES_MAX, FUNCTIONS_MAX, INTERFACE_ITEMS_MAX, INTERFACES_MAX, ITEM_NAME_BYTES_MAX,
    MANIFEST_BYTES_MAX, MIGRATION_BYTES_MAX, MIGRATIONS_MAX, ROUTES_MAX,
};
use quoin_core::manifest::{ErrorStatus, FunctionRef, HostInterface, ManifestError, RoutePattern};
use quoin_core::sql::Refusal;

/// Why a file is not a bundle that Quoin can run: the place of the fault, and what to do.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The file is larger than any bundle may be.
    #[error(
        "the bundle has {0} bytes, and {BUNDLE_BYTES_MAX} are allowed: \
         build it optimised and stripped of debug information"
    )]
    TooLarge(usize),
    /// The file is something else altogether.
    #[error("this is not WebAssembly: a bundle is the .wasm file that packing a component makes")]
    NotWasm,
    /// The file is a core module, which has no typed interfaces.
    #[error(
        "this is a core WebAssembly module, not a component: turn it into a component first \
         (`cargo xtask plugins` does, and so does `wasm-tools component new`)"
    )]
    CoreModule,
    /// The file is damaged, or uses what Quoin does not run: async, garbage collection, threads,
    /// exceptions, 64-bit memory.
    #[error(
        "the component is damaged, or needs a WebAssembly feature that Quoin does not run: {0}"
    )]
    Invalid(String),

    /// There is no manifest.
    #[error("the component has no manifest: pack it with its plugin.toml to make it a bundle")]
    NoManifest,
    /// There are several manifests.
    #[error("the bundle has {0} manifests: pack the component anew, with one plugin.toml")]
    ManyManifests(usize),
    /// The manifest is too long.
    #[error("plugin.toml has {0} bytes, and {MANIFEST_BYTES_MAX} are allowed: make it shorter")]
    ManifestTooLarge(usize),
    /// A text section is not text.
    #[error("the section {0:?} is not UTF-8: pack the component anew, with UTF-8 files")]
    NotText(String),
    /// A section that this host does not know.
    #[error("the bundle has a section {0:?} that this host does not know: use a newer host")]
    UnknownSection(String),
    /// The manifest cannot be read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The manifest states one thing twice.
    #[error("plugin.toml states {0} twice: leave one out")]
    Twice(String),

    /// A migration's name does not follow the rule.
    #[error(
        "the migration {0:?} has no usable name: call it like 0001_create_thing.sql \
         (four digits, _, then a-z, 0-9, _ and -, at most 100 characters)"
    )]
    MigrationName(String),
    /// The numbers of the migrations have a gap, or one occurs twice.
    #[error("the migration {found} stands where number {expected} must: number them 0001, 0002 …")]
    MigrationNumber {
        /// The migration that is there.
        found: String,
        /// The number that must come next.
        expected: u32,
    },
    /// A migration is too long.
    #[error("the migration {0} is longer than {MIGRATION_BYTES_MAX} bytes: split it")]
    MigrationTooLarge(String),
    /// A migration has SQL that not all engines understand alike.
    #[error("the migration {migration}, {refusal}")]
    MigrationSql {
        /// Its file name.
        migration: String,
        /// What is wrong, where, and what to write instead.
        refusal: Refusal,
    },
    /// There are too many migrations.
    #[error("the bundle has {0} migrations, and {MIGRATIONS_MAX} are allowed: merge the oldest")]
    TooManyMigrations(usize),
    /// There are migrations, but the plugin does not ask for a database.
    #[error(
        "the bundle has migrations, but plugin.toml does not list \"sql\" in `host`: \
         add it, or leave the migrations out"
    )]
    MigrationsWithoutSql,

    /// An import or export that is not an interface.
    #[error(
        "the component {direction} the {kind} {name:?} by itself: \
         put functions and types into an interface"
    )]
    Bare {
        /// `imports` or `exports`.
        direction: &'static str,
        /// What it is, e.g. `function`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// A name that is too long.
    #[error("the name {0:?}… is longer than {ITEM_NAME_BYTES_MAX} bytes: shorten it")]
    NameTooLong(String),
    /// Too many interfaces.
    #[error(
        "the component {direction} {count} interfaces, and {INTERFACES_MAX} are allowed: \
         split the plugin"
    )]
    TooManyInterfaces {
        /// `imports` or `exports`.
        direction: &'static str,
        /// How many there are.
        count: usize,
    },
    /// Too many functions or types in an interface.
    #[error(
        "the interface {0} has more than {FUNCTIONS_MAX} functions, or more than {INTERFACE_ITEMS_MAX} \
         functions and types: split it"
    )]
    InterfaceTooLarge(String),

    /// An interface is promised and not there.
    #[error(
        "plugin.toml provides {0}, but the component does not export it: \
         export it from the world, or take it out of `provides`"
    )]
    NotExported(String),
    /// An interface is there and not promised.
    #[error(
        "the component exports {0}, but plugin.toml does not provide it: \
         add it to `provides`, or take it out of the world"
    )]
    NotProvided(String),
    /// A `quoin:plugin` interface that this host does not call.
    #[error(
        "the component exports {0}, which this host does not call: use quoin:plugin/web or quoin:plugin/feed"
    )]
    UnknownPluginInterface(String),
    /// An interface is needed and never used.
    #[error(
        "plugin.toml needs {0}, but the component imports no function of it: \
         call one, or take it out of `needs`"
    )]
    NotImported(String),
    /// An interface is used and not declared.
    #[error(
        "the component imports {0}, but plugin.toml does not need it: \
         add a [[needs]] entry that says how it is bound"
    )]
    NotNeeded(String),
    /// A host interface that this host does not have.
    #[error("the component imports {0}, which this host does not have: use a newer host")]
    UnknownHostInterface(String),
    /// A host interface is used and not declared.
    #[error(
        "the component imports {import}, but plugin.toml does not list \"{host}\" in `host`: add it"
    )]
    NotAsked {
        /// The import.
        import: String,
        /// What stands behind it.
        host: HostInterface,
    },
    /// A host interface is declared and never used.
    #[error(
        "plugin.toml lists \"{0}\" in `host`, but the component never calls it: \
         take it out, so that nobody grants what is not used"
    )]
    AskedInVain(HostInterface),
    /// Cookies are asked for by a plugin that answers no whole requests.
    #[error(
        "plugin.toml lists \"cookies\" in `host`, but has no [web], whose responses set them: \
         take it out, so that nobody grants what is not used"
    )]
    CookiesWithoutWeb,
    /// Pages without a place for them.
    #[error("the component exports {0}, but plugin.toml has no [web]: add [web] with a prefix")]
    WebWithoutPrefix(String),
    /// A place for pages without pages.
    #[error(
        "plugin.toml has [web], but the component does not export quoin:plugin/web: \
         export it, or take [web] out"
    )]
    PrefixWithoutWeb,
    /// It would hear of nothing.
    #[error(
        "the component exports {0}, but plugin.toml does not say what it hears of: \
         add feed = [\"acme:parcel/events\"], or whichever it is"
    )]
    FeedWithoutKinds(String),
    /// Nobody hears.
    #[error(
        "plugin.toml has feed, but the component does not export quoin:plugin/feed: \
         export it, or take feed out"
    )]
    KindsWithoutFeed,
    /// The host cannot call it.
    #[error(
        "{0} has other types than the host calls it with: generate it from the host's wit/plugin"
    )]
    StrangeFeed(String),

    /// A function of a shared interface has a type that cannot cross plugins.
    #[error(
        "{interface}#{function} cannot cross plugins, because it {why}: \
         use plain values in interfaces that plugins share"
    )]
    CannotCross {
        /// The interface.
        interface: String,
        /// The function.
        function: String,
        /// What is wrong with it.
        why: String,
    },
    /// A function of an interface that is bound to all providers has no list to join.
    #[error(
        "{interface}#{function} returns {found}, but the need is bound to all providers, whose \
         lists are joined: let it return result<list<…>, …>, or bind it otherwise"
    )]
    NoListToJoin {
        /// The interface.
        interface: String,
        /// The function.
        function: String,
        /// What it returns.
        found: String,
    },
    /// A function that is called later returns something.
    #[error(
        "{interface}#{function} returns {found}, but the need is bound `later`, and nobody waits for what \
         it returns: let it return nothing or result<_, …>, or bind it otherwise"
    )]
    NobodyWaits {
        /// The interface.
        interface: String,
        /// The function.
        function: String,
        /// What it returns.
        found: String,
    },
    /// A function of an interface that is bound by key has no key.
    #[error(
        "{interface}#{function} has no first parameter of type string, but the need is bound by \
         key: let the first parameter name the provider, or bind it otherwise"
    )]
    NoKey {
        /// The interface.
        interface: String,
        /// The function.
        function: String,
    },

    /// A route's `wait` names a function that cannot answer for it.
    #[error(
        "the route {route} waits with {wait}, but {why}: name another function, or leave `wait` out"
    )]
    CannotWait {
        /// The route.
        route: RoutePattern,
        /// The function.
        wait: FunctionRef,
        /// Why it cannot.
        why: String,
    },
    /// `reads` or a route names what is not there.
    #[error(
        "{place} names {function}, which the component does not export: \
         correct the name, or export the function"
    )]
    NoSuchFunction {
        /// Where in the manifest.
        place: String,
        /// The name that stands there.
        function: FunctionRef,
    },
    /// `reads` or a route names a function of two versions of an interface.
    #[error("{place} names {function}, which exists in several versions: write {candidates}")]
    WhichVersion {
        /// Where in the manifest.
        place: String,
        /// The name that stands there.
        function: FunctionRef,
        /// The full names to choose from.
        candidates: String,
    },
    /// Too many routes.
    #[error("plugin.toml has {0} routes, and {ROUTES_MAX} are allowed: split the plugin")]
    TooManyRoutes(usize),
    /// A route names a parameter that its function does not have.
    #[error(
        "the route {route} binds {place} to the parameter {param:?}, which is not there: {has}"
    )]
    NoSuchParameter {
        /// The route.
        route: String,
        /// Path, header or body.
        place: String,
        /// The name that stands there.
        param: String,
        /// The function and the parameters that it has.
        has: String,
    },
    /// A route binds one parameter from two places, or two from one name in the query.
    #[error(
        "the route {route} binds {param:?} twice: bind each parameter once, and give parameters \
         and fields that come from the query different names"
    )]
    BoundTwice {
        /// The route.
        route: RoutePattern,
        /// The parameter.
        param: String,
    },
    /// A route binds a parameter from a place whose text cannot hold its type.
    #[error("the route {route} takes {param:?} from {place}, but its type is {found}: {rule}")]
    NotWritable {
        /// The route.
        route: String,
        /// The parameter.
        param: String,
        /// Path, query or header.
        place: String,
        /// Its type.
        found: String,
        /// What would do.
        rule: &'static str,
    },
    /// GET and DELETE have no body.
    #[error(
        "the route {0} has a body: take `body` out, so that parameters come from the query, \
         or use POST, PUT or PATCH"
    )]
    BodyNotAllowed(RoutePattern),
    /// A header name that is none.
    #[error("the route {route} names the header {header:?}: use letters, digits and -")]
    HeaderName {
        /// The route.
        route: RoutePattern,
        /// The name.
        header: String,
    },
    /// A status for an error that no function has.
    #[error(
        "[errors] gives {case:?} the status {}, but no provided function has such an error case: \
         correct the name, or take it out", u16::from(*status)
    )]
    NoSuchErrorCase {
        /// The case.
        case: String,
        /// Its status.
        status: ErrorStatus,
    },
}

/// A name from the file, short enough for a message.
pub(crate) fn cut(name: &str) -> String {
    name.chars().take(80).collect()
}
