package drift

import "net/http"

// gevinster is the business case of the days fra to til, both included.
func (a *api) gevinster(r *http.Request) (any, error) {
	p := laesParametre(r)
	fra, til, myndighed := p.tekst("fra"), p.tekst("til"), p.tekst("myndighed")
	if err := p.slut(); err != nil {
		return nil, err
	}
	periode, err := a.Gevinster.Periode(fra, til, myndighed)
	if err != nil {
		return nil, err
	}
	return a.Gevinster.Rapport(r.Context(), periode)
}
