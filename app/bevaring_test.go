package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
)

func TestBevaringIMoxYaml(t *testing.T) {
	t.Parallel()
	standard := distributor.StandardBevaring()
	med := func(f func(*distributor.Bevaring)) distributor.Bevaring {
		b := standard
		f(&b)
		return b
	}
	tilfaelde := map[string]struct {
		yaml string
		vil  distributor.Bevaring
		fejl string
	}{
		"Intet":   {"", standard, ""},
		"Kortere": {"bevaring: {beskedindhold: 30, alarmer: 0}", med(func(b *distributor.Bevaring) { b.Indhold, b.Alarmer = 30*24*time.Hour, 0 }), ""},
		"Alt": {"bevaring: {beskedindhold: 1, metadata: 2, fejl: 3, forsoeg: 4, handlinger: 5, alarmer: 6, dokumenter: 7, registerbrug: 8}", distributor.Bevaring{Indhold: 24 * time.Hour, Metadata: 48 * time.Hour,
			Fejl: 72 * time.Hour, Forsoeg: 96 * time.Hour, Handlinger: 120 * time.Hour, Alarmer: 144 * time.Hour, Dokumenter: 168 * time.Hour, Registerbrug: 192 * time.Hour}, ""},
		"AltForEvigt":          {"bevaring: {beskedindhold: 0, metadata: 0}", med(func(b *distributor.Bevaring) { b.Indhold, b.Metadata = 0, 0 }), ""},
		"Minus":                {"bevaring: {fejl: -1}", standard, "bevaring.fejl"},
		"ForLangt":             {"bevaring: {forsoeg: 36501}", standard, "bevaring.forsoeg"},
		"MetadataKortest":      {"bevaring: {beskedindhold: 30, metadata: 29}", standard, "bevaring.metadata"},
		"IndholdUdenEnde":      {"bevaring: {beskedindhold: 0}", standard, "bevaring.metadata"},
		"UkendtArtErIngenTing": {"bevaring: {beskeder: 30}", standard, "beskeder"},
	}
	for navn, x := range tilfaelde {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "mox.yaml"), []byte(x.yaml), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := LaesConfig(dir)
			var har distributor.Bevaring
			if err == nil {
				har, err = c.bevaring()
			}
			switch {
			case x.fejl != "" && (mox.KodeAf(err) != mox.KodeUgyldig || !strings.Contains(err.Error(), x.fejl)):
				t.Errorf("the error is %v, and does not name %s", err, x.fejl)
			case x.fejl == "" && (err != nil || har != x.vil):
				t.Errorf("%+v, %v, want %+v", har, err, x.vil)
			}
		})
	}
}
