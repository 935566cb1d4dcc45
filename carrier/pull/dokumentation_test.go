package pull

import (
	"maps"
	"slices"
	"testing"

	"github.com/moxkit/mox/internal/openapi"
)

// Each call that is registered is described, and none that is not; and every field has a meaning.
func TestHvertKaldErBeskrevet(t *testing.T) {
	t.Parallel()
	var registreret, beskrevet []string
	for sti, r := range (&api{}).ruter() {
		for metode := range r {
			registreret = append(registreret, metode+" "+sti)
		}
	}
	a := dokumentation()
	for _, k := range a.Kald {
		beskrevet = append(beskrevet, k.Metode+" "+k.Sti)
	}
	slices.Sort(registreret)
	slices.Sort(beskrevet)
	if !slices.Equal(registreret, beskrevet) {
		t.Errorf("registreret %v\nbeskrevet   %v", registreret, beskrevet)
	}
	if u := openapi.New(a).Uforklaret(); len(u) > 0 {
		t.Errorf("felter uden betydning: %q", u)
	}
	for _, navn := range slices.Sorted(maps.Keys(a.Felter)) {
		if a.Felter[navn] == "" {
			t.Errorf("%s er tom", navn)
		}
	}
}
