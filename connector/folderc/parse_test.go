package folderc

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/moxkit/mox/connector"
)

// A corrected line is read with the columns of the file it came from, also after the file has been moved away.
func TestParse(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "behandlet"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "behandlet", "sag_1.csv"), []byte("NR;P\xc5\r\n1;\"halv\r\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := NewSource(SourceConfig{Type: "folder", Path: dir, Pattern: connector.Words{"*.csv"}, Format: "csv", Charset: "windows-1252", Faerdig: Ready{Omdoebt: true}}, connector.Env{})
	if err != nil {
		t.Fatal(err)
	}
	place := connector.Place{File: "sag_1.csv", Line: 2, Record: 1}
	t.Run("OK", func(t *testing.T) {
		r, err := s.Parse([]byte("1;hel æøå\r\n"), place)
		if err != nil || r.Fields["NR"] != "1" || r.Fields["PÅ"] != "hel æøå" || r.Place.Line != 2 {
			t.Fatalf("got %v, %v", r, err)
		}
	})
	for name, raw := range map[string]string{"ErrStillBroken": `1;"halv`, "ErrTooFewFields": "1", "ErrTwoRecords": "1;a\n2;b", "ErrEmpty": ""} {
		t.Run(name, func(t *testing.T) {
			if r, err := s.Parse([]byte(raw), place); err == nil {
				t.Fatalf("got %v, want an error", r)
			}
		})
	}
	t.Run("ErrFileGone", func(t *testing.T) {
		if _, err := s.Parse([]byte("1;a"), connector.Place{File: "sag_2.csv"}); err == nil {
			t.Fatal("want an error that names the file")
		}
	})
}
