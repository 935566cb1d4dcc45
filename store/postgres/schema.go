package postgres

import "github.com/moxkit/mox/store/driver"

// Schema is the transaction's view of the schema.
func (x *tx) Schema() driver.Schema { return schema{x} }

type schema struct{ *tx }

// Tables are those of the schema that MOX's own connection works in.
func (s schema) Tables() ([]driver.Table, error) {
	rows, err := s.Query(`SELECT c.relname, COALESCE(p.relname, '') FROM pg_class c LEFT JOIN pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f'
		LEFT JOIN pg_class p ON p.oid = f.confrelid
		WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace AND c.relname <> 'goose_db_version' ORDER BY 1, 2`)
	return driver.ScanTables(rows, err)
}

// identities is the condition for the columns that number their table's rows.
const identities = `is_identity = 'YES' AND table_schema = current_schema() AND table_name <> 'goose_db_version'`

func (s schema) Counters() (map[string]int64, error) {
	rows, err := s.Query(`SELECT table_name, n FROM (SELECT table_name::text, pg_sequence_last_value(pg_get_serial_sequence(quote_ident(table_name), column_name)::regclass) AS n
		FROM information_schema.columns WHERE ` + identities + `) t WHERE n IS NOT NULL`)
	return driver.ScanCounters(rows, err)
}

func (s schema) SetCounter(table string, n int64) error {
	_, err := s.Exec(`SELECT setval(pg_get_serial_sequence(quote_ident(table_name), column_name), ?) FROM information_schema.columns WHERE table_name = ? AND `+identities, n, table)
	return err
}

func (s schema) Overriding() string { return " OVERRIDING SYSTEM VALUE" }
