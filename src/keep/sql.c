/*
 * keep/sql: every statement and the format's history. What stands here is what isthmus-store(5) documents.
 * A format step is never edited once released: a change is a new step.
 */
#include "keep/store.h"

#include <stddef.h>

const char *const sql_upgrade[] = {
    /* 0 -> 1 */
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE territory (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE registry (id INTEGER PRIMARY KEY, sources TEXT NOT NULL UNIQUE);"
    "CREATE TABLE cut (id INTEGER PRIMARY KEY, upto INTEGER NOT NULL, live INTEGER NOT NULL,"
    " made INTEGER NOT NULL, checkpoint TEXT, hash BLOB, size INTEGER);"
    "CREATE TABLE file (hash BLOB PRIMARY KEY, path TEXT NOT NULL, collector TEXT NOT NULL,"
    " first INTEGER NOT NULL, last INTEGER NOT NULL, size INTEGER NOT NULL, rib INTEGER NOT NULL,"
    " records INTEGER NOT NULL, bad INTEGER NOT NULL, peers INTEGER NOT NULL, resets INTEGER NOT NULL,"
    " gaps INTEGER NOT NULL, cut INTEGER NOT NULL, registry INTEGER REFERENCES registry(id));"
    "CREATE INDEX file_order ON file (first, collector);"
    "CREATE TABLE chunk (territory INTEGER NOT NULL REFERENCES territory(id), family INTEGER NOT NULL,"
    " start INTEGER NOT NULL, end INTEGER NOT NULL, points INTEGER NOT NULL, cut INTEGER NOT NULL,"
    " data BLOB NOT NULL);"
    "CREATE UNIQUE INDEX chunk_start ON chunk (territory, family, start);"
    "CREATE INDEX chunk_cut ON chunk (cut);"
    "CREATE TABLE carrier (territory INTEGER NOT NULL REFERENCES territory(id), family INTEGER NOT NULL,"
    " upstream INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER, share INTEGER NOT NULL,"
    " prefixes INTEGER NOT NULL, PRIMARY KEY (territory, family, upstream)) WITHOUT ROWID;"
    "CREATE TABLE event (id INTEGER PRIMARY KEY, cut INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " scope INTEGER NOT NULL, territory TEXT NOT NULL, family INTEGER NOT NULL, asn INTEGER NOT NULL,"
    " upstream INTEGER NOT NULL, episode INTEGER NOT NULL, first INTEGER NOT NULL, end INTEGER,"
    " severity INTEGER NOT NULL,"
    " why TEXT NOT NULL, body BLOB NOT NULL);"
    "CREATE INDEX event_territory ON event (territory, first);"
    "CREATE INDEX event_upstream ON event (upstream, first);"
    "CREATE INDEX event_kind ON event (kind, first);"
    "CREATE INDEX event_first ON event (first);"
    "CREATE INDEX event_cut ON event (cut);"
    "CREATE TABLE event_past (id INTEGER NOT NULL, until INTEGER NOT NULL, cut INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, scope INTEGER NOT NULL, territory TEXT NOT NULL, family INTEGER NOT NULL,"
    " asn INTEGER NOT NULL, upstream INTEGER NOT NULL, episode INTEGER NOT NULL, first INTEGER NOT NULL,"
    " end INTEGER, severity INTEGER NOT NULL, why TEXT NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY (id, until)) WITHOUT ROWID;",
    /* 1 -> 2: answers computed when the tables were at hand; events by the AS they are about */
    "CREATE TABLE answer (territory TEXT NOT NULL, kind INTEGER NOT NULL, family INTEGER NOT NULL,"
    " at INTEGER NOT NULL, cut INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE UNIQUE INDEX answer_subject ON answer (territory, kind, family, at);"
    "CREATE INDEX answer_cut ON answer (cut);"
    "CREATE INDEX event_asn ON event (asn, first);",
    NULL,
};

#define MONTH(t) " strftime('%Y-%m', " t " / 1000000, 'unixepoch')"
#define YEAR(t)  " strftime('%Y', " t " / 1000000, 'unixepoch')"
#define EVENT_COLUMNS \
	" kind, scope, territory, family, asn, upstream, episode, first, end, severity, why, body "

const char *const sql_text[SQL_STATEMENTS] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_META_GET] = "SELECT value FROM meta WHERE key = ?1",
    [SQL_META_SET] = "INSERT OR REPLACE INTO meta VALUES (?1, ?2)",
    [SQL_TERRITORY_ID] = "SELECT id FROM territory WHERE name = ?1",
    [SQL_TERRITORY_ADD] = "INSERT INTO territory (name) VALUES (?1)",
    [SQL_TERRITORIES] = "SELECT t.name, c.family, sum(c.upstream <> 0),"
			" sum(c.upstream <> 0 AND c.last IS NULL), min(c.first)"
			" FROM carrier c JOIN territory t ON t.id = c.territory"
			" GROUP BY c.territory, c.family ORDER BY t.name, c.family",
    [SQL_CARRIERS_ALL] = "SELECT t.name, c.family, c.upstream, c.first, c.last, c.share, c.prefixes"
			 " FROM carrier c JOIN territory t ON t.id = c.territory"
			 " ORDER BY t.name, c.family, c.upstream",
    [SQL_CARRIERS_OF] = "SELECT t.name, c.family, c.upstream, c.first, c.last, c.share, c.prefixes"
			" FROM territory t JOIN carrier c ON t.id = c.territory WHERE t.name = ?1"
			" ORDER BY c.family, c.upstream",
    [SQL_CARRIERS_ROW] = "SELECT upstream, share, prefixes FROM carrier WHERE territory = ?1 AND family = ?2",
    [SQL_CARRIER_BORN] = "SELECT min(first) FROM event WHERE upstream = ?3 AND family = ?2 AND kind = ?4 AND"
			 " territory = (SELECT name FROM territory WHERE id = ?1)",
    [SQL_CARRIERS_BORN] = "SELECT t.id, e.family, e.upstream, min(e.first) FROM event e"
			  " JOIN territory t ON t.name = e.territory WHERE e.kind = ?1 AND e.upstream <> 0"
			  " GROUP BY t.id, e.family, e.upstream",
    [SQL_CARRIER_PUT] = "INSERT OR REPLACE INTO carrier VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_CARRIER_DROP_OF] = "DELETE FROM carrier WHERE territory = ?1 AND family = ?2",
    [SQL_CHUNK_LAST] = "SELECT rowid, start, points, data FROM chunk WHERE territory = ?1 AND family = ?2"
		       " ORDER BY start DESC LIMIT 1",
    [SQL_CHUNK_PUT] = "INSERT OR REPLACE INTO chunk VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_CHUNK_DROP] = "DELETE FROM chunk WHERE rowid = ?1",
    [SQL_CHUNKS_OF] = "SELECT rowid, start, points, data, cut, end FROM chunk"
		      " WHERE territory = ?1 AND family = ?2 ORDER BY start",
    [SQL_CHUNKS_RANGE] =
	"SELECT rowid, start, points, data FROM chunk"
	" WHERE territory = ?1 AND family = ?2 AND start < ?4 AND start >= coalesce("
	"(SELECT max(start) FROM chunk WHERE territory = ?1 AND family = ?2 AND start <= ?3),"
	" ?3) ORDER BY start",
    [SQL_CHUNKS_AFTER_CUT] = "SELECT DISTINCT territory, family FROM chunk WHERE cut > ?1",
    [SQL_CHUNK_ALL] = "SELECT rowid, start, points, data, territory, family, end, cut FROM chunk"
		      " ORDER BY territory, family, start",
    [SQL_CHUNK_HEADS] = "SELECT territory, family, max(end) FROM chunk GROUP BY territory, family",
    [SQL_CHUNKS_OLD] = "SELECT rowid, start, points, data, territory, family FROM chunk WHERE end < ?1",
    [SQL_CHUNK_EXPIRE] = "DELETE FROM chunk WHERE EXISTS (SELECT 1 FROM chunk n WHERE n.territory ="
			 " chunk.territory AND n.family = chunk.family AND n.start > chunk.start"
			 " AND n.start <= ?1)",
    [SQL_EVENT_ADD] = "INSERT INTO event (id, cut," EVENT_COLUMNS
		      ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    [SQL_EVENT_PUT] = "INSERT OR REPLACE INTO event (id, cut," EVENT_COLUMNS
		      ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    [SQL_EVENT_KEEP_PAST] = "INSERT OR IGNORE INTO event_past (id, until, cut," EVENT_COLUMNS
			    ") SELECT id, ?2, cut," EVENT_COLUMNS "FROM event WHERE id = ?1 AND cut < ?2",
    [SQL_EVENT_DROP_AFTER] = "DELETE FROM event WHERE cut > ?1",
    [SQL_EVENT_BRING_BACK] =
	"INSERT OR REPLACE INTO event (id, cut," EVENT_COLUMNS ") SELECT id, cut," EVENT_COLUMNS
	"FROM event_past WHERE cut <= ?1 AND until > ?1",
    [SQL_PAST_DROP_AFTER] = "DELETE FROM event_past WHERE until > ?1",
    [SQL_PAST_PRUNE] = "DELETE FROM event_past WHERE until <= ?1",
    [SQL_EVENT_LAST] = "SELECT max(id) FROM event",
    [SQL_EVENT_EXPIRE] = "DELETE FROM event WHERE end IS NOT NULL AND end < ?1",
    [SQL_FILE_PUT] = "INSERT INTO file VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    [SQL_FILE_KNOWN] = "SELECT 1 FROM file WHERE hash = ?1",
    [SQL_FILES] = "SELECT hash, path, collector, first, last, size, rib, records, bad, peers, resets, gaps,"
		  " cut, coalesce(r.sources, '') FROM file LEFT JOIN registry r ON r.id = registry"
		  " ORDER BY first, path",
    [SQL_FILES_DROP_AFTER] = "DELETE FROM file WHERE cut > ?1",
    [SQL_REGISTRY_ID] = "SELECT id FROM registry WHERE sources = ?1",
    [SQL_REGISTRY_ADD] = "INSERT INTO registry (sources) VALUES (?1)",
    [SQL_CUT_PUT] = "INSERT INTO cut VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_CUT_LAST] = "SELECT id, upto, live FROM cut ORDER BY id DESC LIMIT 1",
    [SQL_CUT_LIVE_AFTER] = "SELECT count(*) FROM cut WHERE id > ?1 AND live",
    [SQL_CUTS_DROP_AFTER] = "DELETE FROM cut WHERE id > ?1",
    [SQL_CHECKPOINTS] = "SELECT id, upto, checkpoint, hash, size FROM cut WHERE checkpoint IS NOT NULL"
			" ORDER BY id DESC",
    [SQL_CHECKPOINT_FORGET] = "UPDATE cut SET checkpoint = NULL, hash = NULL, size = NULL WHERE id = ?1",
    [SQL_ANSWER_PUT] = "INSERT OR REPLACE INTO answer VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_ANSWER_GET] =
	"SELECT at, data FROM answer WHERE territory = ?1 AND kind = ?2 AND family = ?3 AND at <= ?4"
	" ORDER BY at DESC LIMIT 1",
    [SQL_ANSWER_SECOND] =
	"SELECT 1 FROM answer WHERE territory = ?1 AND kind = ?2 AND family = ?3 LIMIT 1 OFFSET 1",
    [SQL_ANSWER_THIN_MONTHS] =
	"DELETE FROM answer WHERE rowid IN (SELECT rowid FROM (SELECT rowid, at,"
	" row_number() OVER (ORDER BY at DESC) AS place, lag(at) OVER (ORDER BY at DESC) AS"
	" later FROM (SELECT rowid, at FROM answer WHERE territory = ?1 AND kind = ?2 AND"
	" family = ?3 ORDER BY at DESC LIMIT ?4 + 1)) WHERE place > ?4 AND" MONTH("at") " =" MONTH(
	    "later") ")",
    [SQL_ANSWER_THIN_YEARS] =
	"DELETE FROM answer WHERE territory = ?1 AND kind = ?2 AND family = ?3 AND at < ?4"
	" AND EXISTS (SELECT 1 FROM answer n WHERE n.territory = ?1 AND n.kind = ?2 AND"
	" n.family = ?3 AND n.at < ?4 AND n.at > answer.at AND" YEAR("n.at") " =" YEAR("answer.at") ")",
    [SQL_ANSWER_DROP_AFTER] = "DELETE FROM answer WHERE cut > ?1",
    [SQL_INFO] =
	"SELECT (SELECT min(first) FROM file), (SELECT count(*) FROM file),"
	" (SELECT coalesce(sum(size), 0) FROM file), (SELECT coalesce(sum(records), 0) FROM file),"
	" (SELECT coalesce(sum(bad), 0) FROM file),"
	" (SELECT count(DISTINCT territory) FROM carrier), (SELECT count(*) FROM carrier WHERE upstream),"
	" (SELECT coalesce(sum(points), 0) FROM chunk), (SELECT count(*) FROM event),"
	" (SELECT count(*) FROM cut), (SELECT coalesce(sum(size), 0) FROM cut),"
	" (SELECT min(start) FROM chunk)",
};
