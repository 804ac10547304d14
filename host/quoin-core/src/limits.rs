//! Every limit of the host, with its reason. A guest, a client or a file can reach none of them
//! without getting a clear refusal.

use serde::{Deserialize, Serialize};

/// Bytes of a bundle. A Python component is about 18 MiB; twice that and some is room enough.
pub const BUNDLE_BYTES_MAX: usize = 48 << 20;
/// Bytes of `plugin.toml` inside a bundle. A manifest is one screen.
pub const MANIFEST_BYTES_MAX: usize = 64 << 10;
/// Bytes of one migration, which is a page of SQL.
pub const MIGRATION_BYTES_MAX: usize = 256 << 10;
/// Migrations in a bundle: years of schema changes.
pub const MIGRATIONS_MAX: usize = 500;
/// Nodes of the type tree of one function. Types are shared in a binary, so a small file can
/// describe an exponentially large tree; real signatures stay below a hundred nodes.
pub const TYPE_NODES_MAX: usize = 4_096;
/// Depth of a type tree. Values of such types are walked recursively on the host's stack.
pub const TYPE_DEPTH_MAX: usize = 32;
/// Interfaces that a component may import or export.
pub const INTERFACES_MAX: usize = 64;
/// Functions in an interface.
pub const FUNCTIONS_MAX: usize = 256;
/// Functions and types of one interface together; the largest of WASI has about a hundred.
pub const INTERFACE_ITEMS_MAX: usize = 1_024;
/// Bytes of the name of an interface, a function, a type, a field or a case. A binary can use one
/// name many times over, and a description writes it out each time.
pub const ITEM_NAME_BYTES_MAX: usize = 128;
/// Routes of a plugin.
pub const ROUTES_MAX: usize = 256;

/// Plugins of a tenant: a large shop has some forty.
pub const PLUGINS_MAX: usize = 200;
/// Domains of a tenant.
pub const DOMAINS_MAX: usize = 50;
/// Bytes of a shop's configuration for one plugin, as JSON.
pub const CONFIG_BYTES_MAX: usize = 64 << 10;
/// API keys of a tenant.
pub const KEYS_MAX: usize = 100;

/// Calls nested in each other. The binding graph has no cycle, so only a long chain of plugins gets
/// here; each level holds a native stack.
pub const CALL_DEPTH_MAX: u32 = 16;
/// Host and plugin calls that one call may make; a list of a thousand items needs a few thousand.
pub const HOST_CALLS_MAX: u32 = 100_000;
/// Bytes of host memory that strings and lists take when they cross the boundary in one host call or
/// result. Between plugins an item of a list takes 32 bytes at least, so a `list<u8>` has at most 256 KiB;
/// to and from the host's own interfaces a byte takes a byte.
pub const CROSSING_BYTES_MAX: usize = 8 << 20;
/// Providers of an `all` binding.
pub const ALL_PROVIDERS_MAX: usize = 32;
/// Bytes of one log message; the rest is cut.
pub const LOG_MESSAGE_BYTES_MAX: usize = 4 << 10;
/// Log lines of one request with all the calls that it leads to; the rest is dropped, or one request
/// could push all others of its plugins out of the shop's log.
pub const LOG_LINES_REQUEST_MAX: u32 = 200;
/// Bytes of log messages that a request which writes holds back until it is known whether its run counts.
/// That is a talkative request, and for as many requests as a plugin runs at once some 16 MiB; what goes
/// beyond is in the log at once, whatever becomes of the run.
pub const LOG_BYTES_HELD_MAX: usize = 64 << 10;
/// Log lines that the host keeps for each tenant, shared fairly by its plugins: 8 MiB where all are as
/// long as they may be.
pub const LOG_LINES_KEPT: usize = 2_000;
/// Random bytes that a guest gets in one host call: a few hundred keys' worth.
pub const RANDOM_BYTES_MAX: u32 = 4 << 10;

/// Hosts that the requests of one plugin may go to. One that needs more speaks to the whole internet, and
/// nobody reads such a list.
pub const HTTP_HOSTS_MAX: usize = 32;
/// Secrets of a tenant, and of a plugin: a few for each system that it speaks to.
pub const SECRETS_MAX: usize = 100;
/// Bytes of a secret. A private key with its certificates is about that.
pub const SECRET_BYTES_MAX: usize = 8 << 10;
/// Bytes of the body of a request to another system, secrets filled in. As many requests as the host has
/// out at once hold 256 MiB then.
pub const HTTP_REQUEST_BYTES_MAX: usize = 1 << 20;
/// Bytes of the body of another system's answer. APIs page long before; what is larger is a file.
pub const HTTP_RESPONSE_BYTES_MAX: usize = 1 << 20;
/// Bytes whose signature is verified at once: the largest body of a `web` request, and what is signed with it.
pub const HTTP_SIGNED_BYTES_MAX: usize = 5 << 20;
/// Bytes of the headers of a request to another system or of its answer: tokens and cookies are some.
pub const HTTP_HEADER_BYTES_MAX: usize = 16 << 10;
/// Headers of a request to another system or of its answer.
pub const HTTP_HEADERS_MAX: usize = 64;
/// Bytes of the URL of a request to another system; servers take no more.
pub const HTTP_URL_BYTES_MAX: usize = 4 << 10;
/// Milliseconds that a request to another system has where it states none: slow ones take some seconds.
pub const HTTP_TIME_MS: u32 = 10_000;
/// Milliseconds that it has at most. Whoever waits longer for an answer waits in vain.
pub const HTTP_TIME_MS_MAX: u32 = 30_000;
/// Milliseconds of a call that a request to another system leaves: the plugin is to make something of a
/// timeout before it runs into its own.
pub const HTTP_REST_MS: u32 = 100;
/// Milliseconds that a connection to one address may take, after which the next address is tried.
pub const HTTP_CONNECT_MS: u32 = 3_000;
/// Addresses of a host that are tried. Behind more there is the same network.
pub const HTTP_ADDRESSES_MAX: usize = 4;
/// Requests that one request of a shop may send with all the calls that it leads to.
pub const HTTP_REQUESTS_MAX: usize = 32;
/// Bytes of the answers that a request of a shop holds, to have them again should it run again.
pub const HTTP_ANSWERS_BYTES_MAX: usize = 4 << 20;
/// Requests that a shop has out at once. Each takes a place among the calls of its plugin while it waits.
pub const HTTP_CONCURRENCY_SHOP: usize = 16;
/// Requests that all shops together have out at once: sixteen busy ones, with a socket each.
pub const HTTP_CONCURRENCY_HOST: usize = 256;
/// Requests a second that a shop may send in the long run. Other systems allow their clients about that.
pub const HTTP_RATE_SHOP: u32 = 20;
/// Requests that a shop may send at once after it was quiet: ten seconds' worth.
pub const HTTP_BURST_SHOP: u32 = 200;
/// Names that are looked up for a shop at once; each takes a thread for as long as its servers are silent.
pub const HTTP_LOOKUPS_SHOP: usize = 4;
/// Idle connections that a shop keeps for its next requests: one for each system that it speaks to often.
pub const HTTP_IDLE_SHOP: usize = 4;
/// Idle connections of all shops together, each an open file.
pub const HTTP_IDLE_HOST: usize = 256;
/// Seconds after which an idle connection is closed: most servers close theirs a little later.
pub const HTTP_IDLE_SECONDS: u64 = 30;
/// Exchanges with other systems that the host remembers of each shop, 200 KiB at most.
pub const HTTP_EXCHANGES_KEPT: usize = 200;
/// Bytes of the URL and of the error of an exchange that are remembered; the rest is cut.
pub const HTTP_EXCHANGE_BYTES_MAX: usize = 512;

/// Bytes of both parts of a mail: a table of some hundred rows, ten times over. Relays take 10 MiB and more.
pub const MAIL_BYTES_MAX: usize = 1 << 20;
/// Bytes of the subject of a mail, and of each name in it: a few lines, of which people read the first.
pub const MAIL_LINE_BYTES_MAX: usize = 1_000;
/// Recipients of a mail. One to more people is a mailing, which a shop's plugin sends one by one.
pub const MAIL_RECIPIENTS_MAX: usize = 10;
/// Bytes of the key of a mail, which its Message-ID is made of.
pub const MAIL_KEY_BYTES_MAX: usize = 200;
/// Milliseconds that a relay has for a mail at most; it never has more than its call has left. Relays that
/// look into mails before they take them need some.
pub const MAIL_TIME_MS_MAX: u32 = 30_000;
/// Bytes that a relay may say while it takes a mail: some twenty replies, and none has a page.
pub const MAIL_SAID_BYTES_MAX: usize = 64 << 10;
/// Mails that one request of a shop may send with all the calls that it leads to.
pub const MAILS_MAX: usize = 8;
/// Mails that a shop sends at once. Relays refuse more connections of one client.
pub const MAIL_CONCURRENCY_SHOP: usize = 4;
/// Mails that all shops together send at once, 64 MiB of text.
pub const MAIL_CONCURRENCY_HOST: usize = 64;
/// Mails a second that a shop may send in the long run: 400,000 a day, more than any relay takes from it.
pub const MAIL_RATE_SHOP: u32 = 5;
/// Mails that a shop may send at once after it was quiet.
pub const MAIL_BURST_SHOP: u32 = 100;

/// Bytes of one SQL statement.
pub const SQL_BYTES_MAX: usize = 64 << 10;
/// Parameters of one SQL statement: PostgreSQL's limit is 65,535, SQLite's default 32,766.
pub const SQL_PARAMS_MAX: usize = 10_000;
/// Rows that one query returns. A list function pages; an export pages too.
pub const SQL_ROWS_MAX: usize = 10_000;
/// Bytes that one query returns.
pub const SQL_RESULT_BYTES_MAX: usize = 4 << 20;

/// Statements in one batch: the lines of a large thing, and some.
pub const SQL_BATCH_MAX: usize = 1_000;

/// Bytes of a later call's parameters, as JSON. What is larger is a file, or rows of the plugin's own.
pub const LATER_PARAMS_BYTES_MAX: usize = 256 << 10;
/// Later calls of a shop that one plugin may have outstanding: an hour of them at three a second while
/// whom it calls is away.
pub const LATER_CALLS_PLUGIN_MAX: usize = 10_000;
/// Later calls of a shop that may be outstanding.
pub const LATER_CALLS_SHOP_MAX: usize = 50_000;
/// Bytes of the parameters of all outstanding later calls of a shop.
pub const LATER_BYTES_SHOP_MAX: usize = 64 << 20;
/// Later calls that lead to each other. An event that leads to itself is stopped here, after a while in
/// which a reader of the log can see it.
pub const LATER_DEPTH_MAX: u32 = 32;
/// Kinds of later calls that a plugin hears of: what a shop's plugins tell, each by name.
pub const FEED_KINDS_MAX: usize = 100;
/// Bytes of a later call's key, and of its order.
pub const LATER_KEY_BYTES_MAX: usize = 200;
/// Later calls of a shop that the host remembers after they were done, while the shop is awake: enough to
/// see what a request led to.
pub const LATER_DONE_KEPT: usize = 256;
/// Bytes of a file: a table of some hundred thousand rows with long texts, or a short film.
pub const FILE_BYTES_MAX: u64 = 256 << 20;
/// Bytes of all files of a shop: ten thousand pictures and some imports.
pub const FILES_BYTES_SHOP_MAX: u64 = 8 << 30;
/// Files of a shop.
pub const FILES_SHOP_MAX: u64 = 100_000;
/// Files that a shop receives at once.
pub const FILES_RECEIVED_AT_ONCE: usize = 4;
/// Bytes of a file that a plugin reads at once.
pub const FILE_READ_BYTES_MAX: usize = 1 << 20;
/// How long a file stays that nobody keeps, in milliseconds: who uploads it has a day to say what it is for.
pub const FILE_UNKEPT_MS: u64 = 24 * 3_600_000;
/// Seconds that a client may wait for what its request led to: `Prefer: wait`. What takes longer, it asks for.
pub const LATER_WAIT_S_MAX: u64 = 30;
/// How long the answer to a request with an idempotency key is kept, in milliseconds: a day, within which
/// clients that retry have given up.
pub const ONCE_KEPT_MS: u64 = 24 * 3_600_000;
/// Answers that a shop keeps for idempotency keys. Beyond them the oldest are dropped, however young:
/// whoever sends keys must not be able to fill the disk, nor to keep others from buying.
pub const ONCE_KEPT_MAX: u64 = 200_000;
/// Bytes of the bodies of those answers.
pub const ONCE_BYTES_MAX: u64 = 256 << 20;
/// Bytes of the body of one of them. A longer one is not kept, but that there was one is.
pub const ONCE_ANSWER_BYTES_MAX: usize = 256 << 10;
/// Characters of an idempotency key.
pub const ONCE_KEY_CHARS_MAX: usize = 200;

/// Later calls that are listed at once.
pub const LATER_PAGE_MAX: u32 = 1_000;

/// Bytes of a request's headers: room for cookies and tokens.
pub const HEADER_BYTES_MAX: usize = 32 << 10;
/// Headers of a request.
pub const HEADERS_MAX: usize = 100;
/// Bytes of a request body on a shop's API; a CSV of ten thousand rows fits.
pub const BODY_BYTES_MAX: usize = 4 << 20;
/// Bytes of a request body that a route's function takes as `list<u8>`. As values they take 32 times as
/// much, also while the call waits for its turn.
pub const BINARY_BODY_BYTES_MAX: usize = 256 << 10;
/// Bytes of the body of a request to a plugin's `web` export, and of that of its response: a photo or a
/// script with all that it needs. Both are in the guest's memory as a whole, which has 32 MiB unless told,
/// and well below what may cross at once.
pub const WEB_BODY_BYTES_MAX: usize = 4 << 20;
/// Bytes of a request target.
pub const TARGET_BYTES_MAX: usize = 8 << 10;
/// Nesting of a JSON body. Also the recursion limit of the parser.
pub const JSON_DEPTH_MAX: usize = 64;
/// Values in a JSON body: numbers, strings, lists and objects. Each takes some 250 bytes while it is
/// read, a hundred times its text if it is a digit; ten thousand records of five fields have half as many.
pub const JSON_VALUES_MAX: usize = 100_000;
/// Seconds that a client has for its headers, and again for its body.
pub const CLIENT_SECONDS_MAX: u64 = 10;
/// Connections open at once on one listener.
pub const CONNECTIONS_MAX: usize = 10_000;
/// Bytes of the kept answers of all shops together: what is asked again and again of hundreds of shops,
/// and little beside their databases.
pub const ANSWERS_BYTES_MAX: u64 = 128 << 20;
/// Bytes of the kept answers of one shop, as long as there is room: some ten thousand small ones.
pub const ANSWERS_BYTES_SHOP_MAX: u64 = 16 << 20;
/// Bytes of an answer that is kept. Larger ones are rare, and would drive out hundreds.
pub const ANSWER_BYTES_KEPT_MAX: usize = 256 << 10;
/// Bytes of the question of a kept answer, which are kept with it.
pub const QUESTION_BYTES_KEPT_MAX: usize = 4 << 10;

/// The limits of an installation. A manifest states what the plugin needs, a shop may override it,
/// and [`Limits::CEILING`] bounds both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Limits {
    /// Linear memory of an instance, MiB.
    pub memory_mib: u32,
    /// Wall-clock time of a call, milliseconds. A callee never has more than its caller has left.
    pub deadline_ms: u32,
    /// Calls at once.
    pub concurrency: u32,
    /// Calls waiting for their turn; the next one is refused as overload.
    pub queue: u32,
    /// Size of its tables in the shop's database, MiB.
    pub database_mib: u32,
    /// How long a request of a function of its own may have the shop's one writer, milliseconds. What
    /// takes longer keeps everybody else from writing, and belongs in slices.
    pub write_ms: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory_mib: 32,
            deadline_ms: 5_000,
            concurrency: 32,
            queue: 256,
            database_mib: 512,
            write_ms: 1_000,
        }
    }
}

impl Limits {
    /// What no manifest and no shop can go beyond: the pool's slots and the host's memory stand behind it,
    /// and behind the writer's time the patience of those who wait for it.
    pub const CEILING: Limits = Limits {
        memory_mib: 64,
        deadline_ms: 60_000,
        concurrency: 256,
        queue: 4_096,
        database_mib: 16_384,
        write_ms: 10_000,
    };

    /// The first limit that is zero or beyond the ceiling, told as a sentence.
    pub fn fault(&self) -> Option<String> {
        let ceiling = Limits::CEILING;
        [
            ("memory-mib", self.memory_mib, ceiling.memory_mib),
            ("deadline-ms", self.deadline_ms, ceiling.deadline_ms),
            ("concurrency", self.concurrency, ceiling.concurrency),
            ("queue", self.queue, ceiling.queue),
            ("database-mib", self.database_mib, ceiling.database_mib),
            ("write-ms", self.write_ms, ceiling.write_ms),
        ]
        .into_iter()
        .find(|(_, value, max)| *value == 0 || value > max)
        .map(|(name, value, max)| format!("the limit {name} is {value}; use 1 to {max}"))
    }
}

/// A change to some of an installation's limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct LimitsChange {
    /// See [`Limits::memory_mib`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u32>,
    /// See [`Limits::deadline_ms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u32>,
    /// See [`Limits::concurrency`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// See [`Limits::queue`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<u32>,
    /// See [`Limits::database_mib`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_mib: Option<u32>,
    /// See [`Limits::write_ms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_ms: Option<u32>,
}

impl LimitsChange {
    /// `limits` with this change made.
    pub fn apply(&self, limits: Limits) -> Limits {
        Limits {
            memory_mib: self.memory_mib.unwrap_or(limits.memory_mib),
            deadline_ms: self.deadline_ms.unwrap_or(limits.deadline_ms),
            concurrency: self.concurrency.unwrap_or(limits.concurrency),
            queue: self.queue.unwrap_or(limits.queue),
            database_mib: self.database_mib.unwrap_or(limits.database_mib),
            write_ms: self.write_ms.unwrap_or(limits.write_ms),
        }
    }
}
