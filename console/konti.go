package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/konto"
)

// kontiFor are the accounts, for an administrator.
func (c *console) kontiFor(r *http.Request) (*konto.Konti, error) {
	if err := drift.KunAdministrator(r); err != nil {
		return nil, err
	}
	if c.Konti == nil {
		return nil, mox.E("konto", mox.KodeIkkeFundet, "her er der ingen konti")
	}
	return c.Konti, nil
}

// kontiside is the people who may log in, and those who could.
type kontiside struct{ Aabne, Lukkede []konto.Konto }

func (c *console) konti(w http.ResponseWriter, r *http.Request) error {
	k, err := c.kontiFor(r)
	if err != nil {
		return err
	}
	alle, err := k.Liste(r.Context())
	if err != nil {
		return err
	}
	var d kontiside
	for _, x := range alle {
		if x.Lukket.IsZero() {
			d.Aabne = append(d.Aabne, x)
		} else {
			d.Lukkede = append(d.Lukkede, x)
		}
	}
	s := c.sprog[vaelg(r)]
	return c.vis(w, r, "konti", side{Titel: s.t("nav.konti"), Nav: "konti", D: d})
}

// kontoform is the form that makes an account. What was typed as a password does not come back.
type kontoform struct {
	Navn, Kodeord, Igen, Begrundelse felt
	Roller                           []mulighed
	Rollefejl                        string
}

func (c *console) nyKonto(w http.ResponseWriter, r *http.Request) error {
	return c.visKontoform(w, r, "", auth.Laeser, nil)
}

// personroller are those a person may have, the least first.
func personroller() []auth.Rolle { return []auth.Rolle{auth.Laeser, auth.Drift, auth.Administrator} }

func (c *console) visKontoform(w http.ResponseWriter, r *http.Request, navn string, rolle auth.Rolle, aarsag error) error {
	if _, err := c.kontiFor(r); err != nil {
		return err
	}
	var u *uheld
	if aarsag != nil {
		u = c.uheld(r, aarsag)
	}
	s := c.sprog[vaelg(r)]
	d := kontoform{Roller: valgmuligheder(string(rolle), personroller()...), Rollefejl: u.Ved("rolle"),
		Navn:        nytFelt("navn", "navn", s.t("konti.navn"), s.t("kontoform.navn-hjaelp"), navn, u.Ved("navn"), true),
		Begrundelse: nytFelt("begrundelse", "", s.t("form.begrundelse"), s.t("form.begrundelse-hjaelp"), begrundelse(r), u.Ved("begrundelse"), true)}
	d.Kodeord, d.Igen = s.kodeordsfelter(u)
	return c.vis(w, r, "kontoform", side{Titel: s.t("kontoform.titel"), Nav: "konti", Uheld: u, D: d})
}

// kodeordsfelter are a new password, typed twice.
func (s *sprog) kodeordsfelter(u *uheld) (kodeord, igen felt) {
	return nytFelt("kodeord", "new-password", s.t("kontoform.kodeord"), s.t("konto.nyt-hjaelp", konto.MindsteKodeord), "", u.Ved("kodeord"), true),
		nytFelt("igen", "new-password", s.t("kontoform.igen"), "", "", u.Ved("igen"), true)
}

func (c *console) opretKonto(w http.ResponseWriter, r *http.Request) error {
	k, err := c.kontiFor(r)
	if err != nil {
		return err
	}
	navn, rolle, kodeord := strings.Join(strings.Fields(r.PostFormValue("navn")), " "), auth.Rolle(r.PostFormValue("rolle")), r.PostFormValue("kodeord")
	if err = kraevBegrundelse(r); err == nil {
		err = ensKodeord(kodeord, r.PostFormValue("igen"))
	}
	if err == nil {
		err = k.Opret(r.Context(), navn, rolle, kodeord, c.kontohvem(r))
	}
	if err != nil {
		return c.visKontoform(w, r, navn, rolle, err)
	}
	http.Redirect(w, r, kontosti(navn)+"?gjort=konto-oprettet", http.StatusSeeOther)
	return nil
}

func (c *console) kontohvem(r *http.Request) konto.Hvem {
	h := c.hvem(r)
	return konto.Hvem{Navn: h.Navn, Begrundelse: h.Begrundelse}
}

func kontosti(navn string) string { return "/konti/" + url.PathEscape(navn) }

// kontoafside is one person's account, with what can be done to it.
type kontoafside struct {
	konto.Konto
	Egen          bool // whoever looks has it
	Roller        []mulighed
	Kodeord, Igen felt
	Handling      string // the act that could not be done
	Begrundelse   string
	Fejl          *uheld
	Historik      []historikpost
}

// Grund is an act's field for the reason, with what was typed in it.
func (d kontoafside) Grund(s, hjaelp, handling string) felt {
	f := nytFelt(handling+"-begrundelse", "", s, hjaelp, "", "", true)
	if d.Handling == handling {
		f.Vaerdi, f.Fejl = d.Begrundelse, d.Fejl.Ved("begrundelse")
	}
	return f
}

func (c *console) kontoAf(w http.ResponseWriter, r *http.Request) error {
	return c.visKontoAf(w, r, "", nil)
}

// visKontoAf shows an account; aarsag is why the act handling could not be done to it.
func (c *console) visKontoAf(w http.ResponseWriter, r *http.Request, handling string, aarsag error) error {
	k, err := c.kontiFor(r)
	if err != nil {
		return err
	}
	alle, err := k.Liste(r.Context())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(alle, func(x konto.Konto) bool { return x.Navn == r.PathValue("navn") })
	if i < 0 {
		return mox.E("konto", mox.KodeIkkeFundet, "der er ingen konto med det navn").Med("se dem på siden Konti")
	}
	d := kontoafside{Konto: alle[i], Egen: alle[i].Navn == c.Bruger(r), Handling: handling, Begrundelse: begrundelse(r)}
	if aarsag != nil {
		d.Fejl = c.uheld(r, aarsag)
	}
	s := c.sprog[vaelg(r)]
	d.Roller = valgmuligheder(string(d.Rolle), personroller()...)
	d.Kodeord, d.Igen = s.kodeordsfelter(d.Fejl)
	if d.Historik, err = c.historik(r, "bruger", d.Navn); err != nil {
		return err
	}
	return c.vis(w, r, "kontoaf", side{Titel: d.Navn, Nav: "konti", Uheld: d.Fejl, D: d})
}

// kontohandlinger are the acts on an account, by the last part of their address.
func kontohandlinger() map[string]func(k *konto.Konti, r *http.Request, navn string, h konto.Hvem) error {
	return map[string]func(k *konto.Konti, r *http.Request, navn string, h konto.Hvem) error{
		"rolle": func(k *konto.Konti, r *http.Request, navn string, h konto.Hvem) error {
			return k.SaetRolle(r.Context(), navn, auth.Rolle(r.PostFormValue("rolle")), h)
		},
		"kodeord": func(k *konto.Konti, r *http.Request, navn string, h konto.Hvem) error {
			nyt := r.PostFormValue("kodeord")
			if err := ensKodeord(nyt, r.PostFormValue("igen")); err != nil {
				return err
			}
			return k.SaetKodeord(r.Context(), navn, nyt, h)
		},
		"log-ud": func(k *konto.Konti, r *http.Request, navn string, h konto.Hvem) error {
			return k.LogAlleUd(r.Context(), navn, h)
		},
		"luk": func(k *konto.Konti, r *http.Request, navn string, h konto.Hvem) error {
			return k.Luk(r.Context(), navn, h)
		},
	}
}

// kontohandling carries out an act on an account, with a reason.
func (c *console) kontohandling(handling string, f func(*konto.Konti, *http.Request, string, konto.Hvem) error) sidehandler {
	return func(w http.ResponseWriter, r *http.Request) error {
		k, err := c.kontiFor(r)
		if err != nil {
			return err
		}
		navn := r.PathValue("navn")
		if err = kraevBegrundelse(r); err == nil {
			err = f(k, r, navn, c.kontohvem(r))
		}
		if err != nil {
			return c.visKontoAf(w, r, handling, err)
		}
		http.Redirect(w, r, kontosti(navn)+"?gjort=konto-"+handling, http.StatusSeeOther)
		return nil
	}
}
