package agent

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/register"
)

// advisagent sends a mail to those who handle a Sag.
const advisagent = `
agent: post
system: Post
acts_as: mox
sinks:
  - name: advis
    filter: {objekttype: Sag}
    map: maps/advis.yaml
    kun_adresse: [ANDRE]
    to:
      type: smtp
      host: %q
      tls: ingen
      fra: MOX <mox@kommune.dk>
      brugere: [BEHANDLER, ANDRE]
      til: %q
      emne: "Sag {{felt.NR}} er ændret"
      tekst: "Sagen: {{besked.objektID}}"
    gentag: nej
    plan: {forsoeg: 3, foerste: 1ms, hoejst: 2ms}
`

// advishus is a house with a register whose Brugere the system Post may read.
type advishus struct {
	*hus
	r   *register.Register
	log bytes.Buffer
}

func nytAdvishus(t *testing.T) *advishus {
	h := &advishus{hus: nytHus(t)}
	h.r = register.New(h.Distributor, register.Options{})
	h.Mailadresser = h.r.Mailadresse
	h.aftal(mox.Bruger)
	return h
}

// aftal lets Byggesag send Sager, and the system Post receive them, and read objekter of a type; "" = none.
func (h *advishus) aftal(laese mox.ObjektType) {
	h.Helper()
	var ret []mox.Ret
	if laese != "" {
		ret = []mox.Ret{{Objekttyper: []mox.ObjektType{laese}, Foelsomhed: []string{mox.Uoplyst}}}
	}
	part, sager := mox.Part{Navn: "Eksempel Kommune", CVR: "29189846"}, []mox.Ret{{Objekttyper: []mox.ObjektType{mox.Sag}, Foelsomhed: []string{mox.Uoplyst}}}
	aftale := func(system string) mox.Aftale {
		return mox.Aftale{Navn: strings.ToLower(system), System: system, Dataansvarlig: part, Databehandler: part, Formaal: "advisering", Hjemmel: "x", Kategorier: []string{"navn"},
			Slettefrist: "5 år", Godkendt: mox.Godkendelse{Af: "DPO", Dato: time.Now()}, GyldigFra: time.Now().AddDate(-1, 0, 0)}
	}
	fra, til := aftale("Byggesag"), aftale("Post")
	fra.MaaSende, til.MaaModtage, til.MaaLaese = sager, sager, ret
	maa(h, h.Distributor.SaetAftaler(h.Context(), mox.Aftaler{fra, til}, distributor.Hvem{Navn: "dpo"}))
}

// bruger makes a Bruger with addresses, each an objekttype and a URN.
func (h *advishus) bruger(adresser ...string) string {
	h.Helper()
	t, _ := mox.TypeAf(mox.Bruger)
	altid := mox.Fra(mox.MinusUendelig)
	ny, err := mox.Registrering{}.Laeg(t, map[string]string{"egenskaber.brugervendtnoegle": "b" + fmt.Sprint(len(adresser)), "tilstande.gyldighed": "Aktiv"}, altid)
	maa(h, err)
	for _, a := range adresser {
		type_, urn, _ := strings.Cut(a, " ")
		if ny.Relationer == nil {
			ny.Relationer = map[string][]mox.Relation{}
		}
		ny.Relationer["adresser"] = append(ny.Relationer["adresser"], mox.Relation{Reference: mox.Reference{URN: urn}, ObjektType: type_, Virkning: altid})
	}
	ud, err := h.r.Opret(h.Context(), register.Hvem{Navn: "hr", Adgang: register.FuldAdgang()}, mox.Bruger, ny)
	maa(h, err)
	return string(ud.ObjektID)
}

// TestAdvis lets the handlers of a Sag be told by mail. spec: oio 97
func TestAdvis(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 97")
	h, post := nytAdvishus(t), testenv.SMTP(t)
	a := h.agent(fmt.Sprintf(advisagent, post.Addr, ""), func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&h.log, nil)) })
	hanne := h.bruger("telefon urn:tlf:12345678", "email urn:mailto:hanne@kommune.dk", "email urn:mailto:privat@firma.dk")
	uden, forkert, slettet := h.bruger("telefon urn:tlf:12345678"), h.bruger("EMAIL urn:mailto:ingen adresse"), h.bruger("email urn:mailto:slettet@kommune.dk")
	igen := h.bruger("Email urn:mailto:Hanne@Kommune.dk")
	_, err := h.r.Slet(h.Context(), register.Hvem{Navn: "hr", Adgang: register.FuldAdgang()}, mox.Bruger, mox.ObjektID(slettet), "", "")
	maa(h, err)

	b := h.sag("Byggesag", "2026-1", map[string]string{"relationer.primaerbehandler": uden, "relationer.andrebehandlere.0": hanne, "relationer.andrebehandlere.1": forkert,
		"relationer.andrebehandlere.2": slettet, "relationer.andrebehandlere.3": igen, "relationer.andrebehandlere.4": "urn:oio:cpr-nr:0101010101"})
	h.bliver(h.arbejd(a.sinks[0]), mox.Leveret)
	m := post.Next()
	if len(m.To) != 1 || m.To[0] != "hanne@kommune.dk" || !strings.Contains(m.Content, string(b.ObjektID)) || !strings.Contains(m.Content, "Subject: =?UTF-8?q?Sag_2026-1_er_=C3=A6ndret?=") {
		t.Errorf("%v\n%s", m.To, m.Content)
	}
	log := h.log.String()
	for _, navn := range []string{uden, forkert, slettet} {
		if strings.Count(log, "bruger="+navn+" besked="+string(b.ID)) != 1 {
			t.Errorf("the log does not tell of %s once:\n%s", navn, log)
		}
	}
	if strings.Contains(log, hanne) || strings.Contains(log, "0101010101") {
		t.Error("the log has who got the mail, or a number:\n" + log)
	}
}

// A Sag whose handlers have no address is nobody's advis: a person is told. With another recipient that one gets it.
func TestAdvisTilIngen(t *testing.T) {
	t.Parallel()
	h, post := nytAdvishus(t), testenv.SMTP(t)
	a := h.agent(fmt.Sprintf(advisagent, post.Addr, ""))
	med := h.start(h.agent(strings.Replace(fmt.Sprintf(advisagent, post.Addr, "journal@kommune.dk"), "agent: post", "agent: post2", 1)).Spec())
	h.sag("Byggesag", "2026-1", map[string]string{"relationer.primaerbehandler": h.bruger()})
	l := h.arbejd(a.sinks[0])
	h.bliver(l, mox.Parkeret)
	if l.Kode != "ingen_modtager" {
		t.Errorf("%+v", l)
	}
	h.bliver(h.arbejd(med.sinks[0]), mox.Leveret)
	if m := post.Next(); len(m.To) != 1 || m.To[0] != "journal@kommune.dk" {
		t.Error(m.To)
	}
}

// A system without the right to read Brugere is told so; while the register cannot be read the advis waits.
func TestAdvisUdenRegister(t *testing.T) {
	t.Parallel()
	h, post := nytAdvishus(t), testenv.SMTP(t)
	a := h.agent(fmt.Sprintf(advisagent, post.Addr, ""))
	hanne := h.bruger("email urn:mailto:hanne@kommune.dk")
	h.sag("Byggesag", "2026-1", map[string]string{"relationer.primaerbehandler": hanne})
	rigtig := h.Mailadresser
	h.Mailadresser = func(context.Context, string, string) (string, error) {
		return "", mox.E("register", mox.KodeUtilgaengelig, "databasen svarer ikke")
	}
	h.bliver(h.arbejd(a.sinks[0]), mox.Udsat)
	h.Mailadresser = rigtig
	h.aftal(mox.Klasse)
	l := h.arbejd(a.sinks[0])
	if h.bliver(l, mox.Parkeret); !strings.Contains(l.Aarsag, "maa_laese") {
		t.Errorf("%+v", l)
	}
	h.aftal("")
	h.sag("Byggesag", "2026-2", map[string]string{"relationer.primaerbehandler": hanne})
	l = h.arbejd(a.sinks[0])
	if h.bliver(l, mox.Parkeret); !strings.Contains(l.Aarsag, "maa_laese") {
		t.Errorf("%+v", l)
	}
}
