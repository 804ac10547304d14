//! Any text is answered, within a small stack and in a time that grows with it.

use std::time::{Duration, Instant};

use quoin_core::limits::SQL_BYTES_MAX;
use quoin_core::sql::{check_migration, check_statement};

/// A sixth of what a guest's call has. The frames of a build that is not optimised are larger than any
/// host's, and need a third.
const STACK_BYTES: usize = if cfg!(debug_assertions) { 512 << 10 } else { 256 << 10 };

/// Runs `work` on a thread with little stack.
fn on_little_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work).unwrap();
    assert!(thread.join().is_ok());
}

fn check(sql: &str) {
    let begin = Instant::now();
    let _ = check_statement(sql);
    let _ = check_migration(sql);
    let shown: String = sql.chars().take(60).collect();
    // Some milliseconds; the rest is for machines that have other things to do.
    assert!(begin.elapsed() < Duration::from_secs(60), "{shown} took {:?}", begin.elapsed());
}

#[test]
fn what_is_repeated_to_the_largest_statement_is_answered_soon() {
    on_little_stack(|| {
        for (start, again) in [
            ("SELECT ", "("),
            ("SELECT ", "((SELECT "),
            ("SELECT 1 FROM ", "("),
            ("SELECT 1 FROM ", "(SELECT 1 FROM "),
            ("SELECT 1", " UNION SELECT 1"),
            ("SELECT 1 FROM t", " JOIN t ON 1 = 1"),
            ("SELECT 1 FROM t", " CROSS JOIN t"),
            ("SELECT 1", "+1"),
            ("SELECT 1", "||1"),
            ("SELECT ", "- "),
            ("SELECT 1 WHERE ", "NOT "),
            ("SELECT 1 WHERE 1 = 1", " AND 1 = 1"),
            ("SELECT 1 WHERE a IN (1", ",1"),
            ("SELECT 1 WHERE ", "a IN (("),
            ("SELECT 1 WHERE ", "EXISTS (SELECT 1 WHERE "),
            ("SELECT 1 WHERE ", "NOT EXISTS ("),
            ("SELECT ", "CASE WHEN "),
            ("SELECT ", "CASE "),
            ("SELECT CASE", " WHEN 1 = 1 THEN 1"),
            ("SELECT ", "lower("),
            ("SELECT ", "CAST("),
            ("SELECT sum(1) OVER (ORDER BY a", ",a"),
            ("SELECT a", ",a"),
            ("SELECT max(b), a", ",a"),
            ("SELECT max(b) FROM t GROUP BY a", ",a"),
            ("SELECT a FROM t ORDER BY a", ",a"),
            ("SELECT a FROM t ORDER BY a", "+a"),
            ("SELECT ?1", ",?10000"),
            ("VALUES (1)", ",(1)"),
            ("WITH a AS (SELECT 1)", ",a AS (SELECT 1 FROM a)"),
            ("", "WITH a AS ("),
            ("", "WITH RECURSIVE a (a) AS (SELECT a FROM "),
            ("INSERT INTO t VALUES (1)", " ON CONFLICT (a) DO NOTHING"),
            ("UPDATE t SET a = 1", ",a = (SELECT 1 FROM t)"),
            ("CREATE TABLE t (a TEXT", ", a TEXT"),
            ("CREATE TABLE t (a TEXT", " NOT NULL"),
            ("CREATE TABLE t (a TEXT REFERENCES t", " ON DELETE CASCADE"),
            ("CREATE INDEX i ON t (a", ",("),
            ("", "DROP TABLE t;"),
            ("", ";"),
            ("", "'"),
            ("SELECT ", "''"),
            ("", "/*"),
            ("", "/**/"),
            ("", "--\n"),
            ("", "a."),
            ("", "a"),
            ("", "9"),
            ("", "\n"),
            ("", "é"),
        ] {
            let count = (SQL_BYTES_MAX - start.len()) / again.len();
            check(&format!("{start}{}", again.repeat(count)));
            check(&format!("{start}{};", again.repeat(20)));
        }
    });
}

#[test]
fn what_people_nest_is_not_too_deep() {
    let nested = |depth| format!("SELECT {}1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(check_statement(&nested(40)).is_ok());
    let refusal = check_statement(&nested(60)).unwrap_err();
    assert!(refusal.message.contains("divide the statement"), "{refusal}");
}

#[test]
fn long_statements_that_people_write_are_accepted() {
    let marks: Vec<String> = (1..=10_000).map(|n| format!("?{n}")).collect();
    let list = format!("SELECT a FROM t WHERE a IN ({})", marks.join(","));
    assert!(check_statement(&list).is_ok());
    let rows = vec!["(?1, ?2)"; 5_000].join(", ");
    assert!(check_statement(&format!("INSERT INTO t (a, b) VALUES {rows}")).is_ok());
    let all = vec!["a = ?1"; 5_000].join(" OR ");
    assert!(check_statement(&format!("SELECT a FROM t WHERE {all}")).is_ok());
}

/// Numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }
}

const WORDS: &str = "SELECT FROM WHERE GROUP BY HAVING ORDER LIMIT OFFSET UNION ALL INTERSECT EXCEPT \
    WITH RECURSIVE AS VALUES INSERT INTO UPDATE SET DELETE RETURNING ON CONFLICT DO NOTHING JOIN LEFT \
    CROSS USING DISTINCT CASE WHEN THEN ELSE END CAST TEXT BIGINT AND OR NOT IN EXISTS BETWEEN LIKE \
    ESCAPE IS NULL NULLS FIRST LAST ASC DESC OVER PARTITION FILTER ROWS max count(*) lower row_number \
    CREATE TABLE INDEX ALTER ADD COLUMN RENAME TO DROP PRIMARY KEY UNIQUE CHECK DEFAULT REFERENCES a b \
    t a.b t.* * ( ) ( ) ( ) , , . ; = <> < || + - / % ?1 ?2 1 2.5 'x' 'it''s' -- /* */ \" $1 é 🦀";

#[test]
fn a_soup_of_words_is_answered() {
    on_little_stack(|| {
        let words: Vec<_> = WORDS.split(' ').collect();
        let mut dice = Dice(20_261_124);
        let mut accepted = 0;
        // A build that is not optimised takes ten times as long.
        let soups = if cfg!(debug_assertions) { 20_000 } else { 200_000 };
        for _ in 0..soups {
            let mut soup = String::from(["", "SELECT ", "SELECT a FROM t "][dice.below(3)]);
            for _ in 0..dice.below(16) {
                soup.push_str(words[dice.below(words.len())]);
                soup.push_str([" ", "", "\n"][dice.below(3)]);
            }
            accepted += usize::from(check_statement(&soup).is_ok());
            if let Ok(statements) = check_migration(&soup) {
                statements.iter().for_each(|s| assert!(s.for_sqlite().len() >= s.text.len() / 2));
            }
        }
        assert!(
            accepted > soups / 2_000,
            "{accepted} are too few to say anything about the paths behind"
        );
    });
}

#[test]
fn bytes_of_any_kind_are_answered() {
    let mut dice = Dice(4_711);
    for _ in 0..20_000 {
        let bytes: Vec<u8> =
            (0..dice.below(40)).map(|_| u8::try_from(dice.below(256)).unwrap()).collect();
        check(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn statements_that_are_cut_or_changed_at_any_place_are_answered() {
    let statement = "WITH RECURSIVE w (a) AS (SELECT 1 UNION SELECT a + 1 FROM w WHERE a < 9) \
        INSERT INTO t (a, b) SELECT w.a, count(*) FILTER (WHERE t.b LIKE 'ä%' ESCAPE '\\') FROM w \
        LEFT JOIN t ON t.a = w.a WHERE (w.a, 1) IN (VALUES (1, 2)) GROUP BY w.a ORDER BY w.a NULLS \
        LAST LIMIT ?1 OFFSET ?2";
    let table = "CREATE TABLE t (a BIGINT PRIMARY KEY, b DOUBLE PRECISION NOT NULL DEFAULT -1, c TEXT \
        REFERENCES u (é) ON DELETE CASCADE, CHECK (a < b)); CREATE INDEX i ON t (a DESC) WHERE a > 1;";
    assert_eq!(check_statement(statement).map(drop), Ok(()));
    let mut dice = Dice(99);
    for text in [statement, table] {
        for (at, _) in text.char_indices() {
            check(&text[..at]);
            check(&text[at..]);
            let put = ["(", ")", "'", ",", " SELECT ", "é", "\0", ";"][dice.below(8)];
            check(&format!("{}{put}{}", &text[..at], &text[at..]));
        }
    }
}
