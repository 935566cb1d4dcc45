package console

import (
	"testing"

	"github.com/moxkit/mox/console/drift"
)

// The page that describes the calls can be read like the console's own: well-formed, in a narrow window, and with nothing for
// the browser to complain of. The vendors' page is made by the same template.
func TestDokumentationenKanLaeses(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	s := h.side(drift.DokumentationSti)
	h.velformet("dokumentation", s)
	b := nyBrowser(h)
	for _, s := range []skaerm{{"320", 320, 640, "light"}, {"bred", 1280, 900, "dark"}} {
		b.brug(s)
		b.aabn(drift.DokumentationSti)
		b.ligger(s.navn, drift.DokumentationSti)
		b.billede(s.navn + "-dokumentation")
	}
}
