package disk

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAf(t *testing.T) {
	t.Parallel()
	r, err := Af(t.TempDir())
	if err != nil || r.Ialt == 0 || r.Ledig > r.Ialt || r.Enhed == "" {
		t.Errorf("%+v %v", r, err)
	}
	her, err := Af(".")
	if igen, err2 := Af(".."); err != nil || err2 != nil || her.Enhed != igen.Enhed {
		t.Errorf("one folder and the one above it are on %q and %q: %v %v", her.Enhed, igen.Enhed, err, err2)
	}
	if _, err := Af(filepath.Join(t.TempDir(), "findes-ikke")); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
}

func TestProcent(t *testing.T) {
	t.Parallel()
	for vil, r := range map[int]Rum{100: {}, 0: {Ledig: 9, Ialt: 1000}, 25: {Ledig: 1 << 60, Ialt: 1 << 62}, 99: {Ledig: 999, Ialt: 1000}} {
		if har := r.Procent(); har != vil {
			t.Errorf("%+v: %d %%, want %d", r, har, vil)
		}
	}
}
