package drift

import (
	"slices"
	"testing"

	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/openapi"
)

// Each call that is registered is described, and none that is not; and every field has a meaning.
func TestHvertKaldErBeskrevet(t *testing.T) {
	t.Parallel()
	var registreret, beskrevet []string
	for moenster := range (&api{Options{D: &distributor.Distributor{}}}).ruter() {
		registreret = append(registreret, moenster)
	}
	a := dokumentation()
	for _, k := range a.Kald {
		beskrevet = append(beskrevet, k.Metode+" "+k.Sti[len(Rod):])
	}
	slices.Sort(registreret)
	slices.Sort(beskrevet)
	if !slices.Equal(registreret, beskrevet) {
		t.Errorf("registreret %v\nbeskrevet   %v", registreret, beskrevet)
	}
	if u := openapi.New(a).Uforklaret(); len(u) > 0 {
		t.Errorf("felter uden betydning: %q", u)
	}
}
