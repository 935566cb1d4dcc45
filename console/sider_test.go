package console

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

// alleSider are the addresses of a page of every kind in a world where everything has happened.
func (h *hus) alleSider(a alt) []string {
	ud := []string{"/", "/beskeder", "/fejl", "/fejl?ansvar=modtager", "/fejl?lukkede=1", "/agenter", "/processer", "/processer?tilstand=igang", "/abonnementer/esdh.sager/pause",
		"/fejl/gruppe?handling=gensend&kode=409", "/fejl/gruppe?handling=luk"}
	for _, id := range []int64{a.fejl409, a.fejl422, a.fejlUvis, a.fejlPost, a.fejlBesked} {
		ud = append(ud, fejlsti(id))
	}
	u := h.fejl(a.fejlUvis)
	return append(ud, forloebSti(a.leveret), forloebSti(a.parkeret422), forloebSti(a.uvis), forloebSti(u.Opgave.Besked.ObjektID), forloebSti(u.Opgave.Besked.ProcesID[0]))
}

func TestHverSideVisesPaaBeggeSprog(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	a := h.fyld()
	for _, sti := range h.alleSider(a) {
		for _, sprog := range []string{dansk, engelsk} {
			s := h.hent(sti, sprog)
			if s.status != http.StatusOK {
				t.Errorf("%s (%s): %d\n%s", sti, sprog, s.status, s.krop)
			}
			h.har(s.krop, `<html lang="`+sprog+`">`)
			if dir := os.Getenv("MOX_SIDER"); dir != "" {
				navn := dir + "/" + sprog + strings.NewReplacer("/", "_", "?", "_", "&", "_").Replace(sti) + ".html"
				h.maa(os.WriteFile(navn, []byte(s.krop), 0o600))
			}
		}
	}
}
