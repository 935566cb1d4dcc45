package fejlplan

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func plan() Plan {
	return Plan{Fejl: []Fejl{
		{Navn: ESDHNede, Beskrivelse: "ESDH svarer 503 et stykke tid"},
		{Navn: UkendtKLE, Beskrivelse: "æøå", Holder: []Version{{"sag", "2026-01013", 1}, {"dok", "D-000031", 1}}},
		{Navn: LukketSag, Beskrivelse: "lukket", Holder: []Version{{"sag", "2026-01011", 2}}},
	}}
}

func TestPlanenLaesesSomDenBlevSkrevet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := plan().Write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := Read(dir)
	if err != nil || !reflect.DeepEqual(got, plan()) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestHoldteNavngiverFejlenVedHverVersion(t *testing.T) {
	t.Parallel()
	want := map[Version]string{{"sag", "2026-01013", 1}: UkendtKLE, {"dok", "D-000031", 1}: UkendtKLE, {"sag", "2026-01011", 2}: LukketSag}
	if got := plan().Holdte(); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestReadFejler(t *testing.T) {
	t.Parallel()
	t.Run("IngenPlan", func(t *testing.T) {
		t.Parallel()
		if _, err := Read(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v", err)
		}
	})
	t.Run("IkkeJSON", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, File), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(dir); err == nil {
			t.Error("half a plan was read")
		}
	})
}
