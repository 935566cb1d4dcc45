package console

import (
	"net/http"
	"time"

	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/store"
)

// maksGjort is how many acts a page tells of.
const maksGjort = 30

// historikpost is what somebody has done to what a page is about, in words.
type historikpost struct {
	Hvem, Gjorde, Begrundelse string
	Tid                       time.Time
}

// historik are the newest acts on one thing; art is what it is in the log of acts: "abonnement", "liste", "bruger".
func (c *console) historik(r *http.Request, art, navn string) (ud []historikpost, err error) {
	s := c.sprog[vaelg(r)]
	err = c.D.Store().View(r.Context(), func(tx *store.Tx) error {
		ud = nil
		l, err := tx.Handlinger(art+" "+navn, maksGjort)
		for _, h := range l {
			ud = append(ud, historikpost{h.Hvem, s.gjorde(art, h), h.Begrundelse, h.Tid})
		}
		return err
	})
	return ud, err
}

// gjorde is an act in words, with how many where that is told.
func (s *sprog) gjorde(art string, h store.Handling) string {
	noegle := "udfoert." + art + "." + h.Hvad
	if s.har(noegle + ".en") {
		return s.antal(noegle, h.Antal)
	}
	return s.kendt("udfoert."+art, h.Hvad)
}

// administrator reports whether the caller may configure.
func administrator(r *http.Request) bool { return drift.KunAdministrator(r) == nil }
