package sqlite

import "github.com/moxkit/mox/store/driver"

// Schema is the transaction's view of the schema.
func (t *tx) Schema() driver.Schema { return schema{t} }

type schema struct{ *tx }

// Tables are those that SQLite and goose do not keep for themselves.
func (s schema) Tables() ([]driver.Table, error) {
	rows, err := s.Query(`SELECT m.name, COALESCE(f."table", '') FROM sqlite_master m LEFT JOIN pragma_foreign_key_list(m.name) f
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND m.name <> 'goose_db_version' ORDER BY 1, 2`)
	return driver.ScanTables(rows, err)
}

func (s schema) Counters() (map[string]int64, error) {
	rows, err := s.Query(`SELECT name, seq FROM sqlite_sequence WHERE name <> 'goose_db_version'`)
	return driver.ScanCounters(rows, err)
}

func (s schema) SetCounter(table string, n int64) error {
	rows, err := s.Exec(`UPDATE sqlite_sequence SET seq = ? WHERE name = ?`, n, table)
	if err == nil && rows == 0 { // the table has never had a row
		_, err = s.Exec(`INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)`, table, n)
	}
	return err
}

func (s schema) Overriding() string { return "" }
