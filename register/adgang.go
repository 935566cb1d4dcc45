package register

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/store"
)

// Adgang is what a caller may read and write in the register: what is in one of the parts. The zero value is nothing. Every
// operation holds what it is about against it; what a caller may not read is answered as if it were not there, for that it is
// there is already something to know. spec: mox 57
type Adgang struct {
	Laese, Skrive []mox.Kreds
	Glemme        []mox.Kreds // erase for good: it does not follow from the right to write
}

// FuldAdgang is access to everything, also to who is protected.
func FuldAdgang() Adgang {
	alt := []mox.Kreds{{Beskyttede: true}}
	return Adgang{Laese: alt, Skrive: alt, Glemme: alt}
}

func iEn(kredse []mox.Kreds, o mox.Klassificering) bool {
	return slices.ContainsFunc(kredse, func(k mox.Kreds) bool { return k.Har(o) })
}

// serBeskyttede reports whether the caller sees which protected persons the objekt names.
func (a Adgang) serBeskyttede(o mox.Klassificering) bool { return iEn(medBeskyttede(a.Laese), o) }

// medBeskyttede are those of the parts that are with the names of the protected.
func medBeskyttede(kredse []mox.Kreds) []mox.Kreds {
	return slices.DeleteFunc(slices.Clone(kredse), func(k mox.Kreds) bool { return !k.Beskyttede })
}

// Hvem is the caller as the register knows it: a system by what its tilslutningsaftale says now, a person by the role and the
// limits of its key. Who may write may read, since what is written is answered and compared with what is there.
func (r *Register) Hvem(i auth.Identitet, formaal string) Hvem {
	ud := Hvem{Navn: i.Navn, System: i.System, Rolle: string(i.Rolle), Formaal: mox.Maskeret(formaal)}
	switch {
	case i.Rolle == auth.System:
		ud.Adgang = r.aftalt(i.System)
	case i.Rolle.Menneske():
		k := mox.Kreds{Beskyttede: i == auth.Lokal()}
		if i.Kreds != nil {
			k = *i.Kreds
		}
		ud.Adgang.Laese = []mox.Kreds{k}
		if i.Rolle.Driver() {
			ud.Adgang.Skrive = ud.Adgang.Laese
		}
		if i.Rolle == auth.Administrator {
			ud.Adgang.Glemme = ud.Adgang.Laese
		}
	}
	return ud
}

// FormaalHeader is the header in which a caller over HTTP says why it reads or writes, and MaksFormaal how many bytes that may be.
const (
	FormaalHeader = "Formaal"
	MaksFormaal   = 500
)

// LaesFormaal reads it. The error has [mox.KodeForStor].
func LaesFormaal(header []string) (string, error) {
	v := strings.Join(header, "; ")
	if len(v) > MaksFormaal {
		return "", mox.E("kald", mox.KodeForStor, "%s er på %d tegn; højst %d", FormaalHeader, len(v), MaksFormaal).Med("skriv det kortere")
	}
	return v, nil
}

// aftalt is what a system's agreement gives it; nothing where there is none.
func (r *Register) aftalt(system string) (ud Adgang) {
	a := r.d.Aftaler().Med(system, time.Now())
	if a == nil {
		return ud
	}
	for i := range a.MaaSkrive {
		ud.Skrive = append(ud.Skrive, a.MaaSkrive[i].Kreds())
	}
	for i := range a.MaaLaese {
		ud.Laese = append(ud.Laese, a.MaaLaese[i].Kreds())
	}
	for i := range a.MaaGlemme {
		ud.Glemme = append(ud.Glemme, a.MaaGlemme[i].Kreds())
	}
	ud.Laese = append(ud.Laese, ud.Skrive...)
	return ud
}

// foelsomhedURN begins the reference of a foelsomhedsklasse that everybody can use: it ends with the code itself.
const foelsomhedURN = "urn:mox:foelsomhed:"

// foelsomheder says which code each known reference of a foelsomhedsklasse stands for.
func foelsomheder(egne map[string]string) map[string]string {
	ud := map[string]string{}
	for _, kode := range mox.Foelsomheder() {
		ud[foelsomhedURN+store.Fold(kode)] = kode
	}
	for ref, kode := range egne {
		ud[store.Fold(ref)] = kode
	}
	return ud
}

// mest is the most sensitive there is. A foelsomhedsklasse that is not known is taken for it.
func mest() string {
	alle := mox.Foelsomheder()
	return alle[len(alle)-1]
}

// klassificering is what the right to a registrering is decided by.
func (r *Register) klassificering(t mox.ObjektType, p store.Registerpost) mox.Klassificering {
	ud := mox.Klassificering{ObjektType: t, Myndighed: p.Myndighed, Emne: p.Emne}
	if p.Foelsomhed != "" {
		kode, kendt := r.foelsomheder[p.Foelsomhed]
		if !kendt {
			kode = mest()
		}
		ud.Foelsomhed = kode
	}
	return ud
}

func (r *Register) klasse(raekke *store.Registerraekke) mox.Klassificering {
	return r.klassificering(raekke.ObjektType, store.Registerpost{Myndighed: raekke.Myndighed, Emne: raekke.Emne, Foelsomhed: raekke.Foelsomhed})
}

// kredse are the parts in the words of the store.
func (r *Register) kredse(l []mox.Kreds) (ud []store.Registerkreds) {
	kendte := []string{""}
	for ref := range r.foelsomheder {
		kendte = append(kendte, ref)
	}
	for _, k := range l {
		s := store.Registerkreds{Objekttyper: k.Objekttyper, KLE: k.KLE, Myndigheder: k.Myndigheder}
		if len(k.Foelsomhed) > 0 {
			s.Kendte, s.Andre, s.Foelsomhed = kendte, slices.Contains(k.Foelsomhed, mest()), []string{}
			for _, ref := range kendte {
				if slices.Contains(k.Foelsomhed, ellersUoplyst(r.foelsomheder[ref])) {
					s.Foelsomhed = append(s.Foelsomhed, ref)
				}
			}
		}
		ud = append(ud, s)
	}
	return ud
}

func ellersUoplyst(kode string) string {
	if kode == "" {
		return mox.Uoplyst
	}
	return kode
}

// errNaegtet is the cause of an error about something that is there, and that the caller may not have. Only the usage log
// tells the two apart.
var errNaegtet = errors.New("register: refused")

func naegtet(e *mox.Error) error {
	e.Err = errNaegtet
	return e
}

// skjult is what is answered about what a caller may not read.
func skjult(t mox.ObjektType, id mox.ObjektID) error { return naegtet(ukendt(t, id)) }

// ikkeFor refuses whom the register is not for, in this way.
func (h Hvem) ikkeFor(kredse []mox.Kreds, hvad string) error {
	if len(kredse) > 0 {
		return nil
	}
	raad := "brug en nøgle med rollen drift, eller laeser for at læse"
	if h.System != "" {
		raad = "skriv systemets ret i tilslutningsaftalen: maa_laese og maa_skrive"
	}
	return mox.E("adgang", mox.KodeIkkeTilladt, "nøglen %s giver ikke adgang til at %s i registeret", h.Navn, hvad).Med(raad)
}

// maaLaese and maaSkrive refuse callers who may not do it to anything.
func (h Hvem) maaLaese() error  { return h.ikkeFor(h.Adgang.Laese, "læse") }
func (h Hvem) maaSkrive() error { return h.ikkeFor(h.Adgang.Skrive, "skrive") }

// maaGlemme refuses callers who may not erase anything.
func (h Hvem) maaGlemme() error {
	if len(h.Adgang.Glemme) > 0 {
		return nil
	}
	raad := "brug en nøgle med rollen administrator"
	if h.System != "" {
		raad = "skriv systemets ret i tilslutningsaftalen: maa_glemme"
	}
	return mox.E("adgang", mox.KodeIkkeTilladt, "nøglen %s giver ikke ret til at slette for altid", h.Navn).Med(raad)
}

// maaRoere refuses to change what is there.
func (r *Register) maaRoere(hvem Hvem, t mox.ObjektType, id mox.ObjektID, foer *stand) error {
	if !foer.findes() {
		return nil
	}
	switch o := r.klasse(&foer.raekke); {
	case iEn(hvem.Adgang.Skrive, o):
		return nil
	case iEn(hvem.Adgang.Laese, o):
		return naegtet(mox.E("register", mox.KodeIkkeTilladt, "nøglen %s giver ikke ret til at ændre objektet", hvem.Navn).Med("brug en nøgle, der må skrive dér, hvor objektet hører til"))
	}
	return skjult(t, id)
}

// maaBlive refuses to make an objekt what the caller may not write: with another's myndighed, emne or foelsomhed.
func (r *Register) maaBlive(hvem Hvem, o mox.Klassificering) error {
	if iEn(hvem.Adgang.Skrive, o) {
		return nil
	}
	var mangler []string
	for _, x := range []struct{ navn, v string }{{"myndighed", o.Myndighed}, {"KLE", o.Emne}, {"følsomhed", ellersUoplyst(o.Foelsomhed)}} {
		if x.v == "" {
			x.v = "ikke nævnt"
		}
		mangler = append(mangler, x.navn+" "+x.v)
	}
	return naegtet(mox.E("register", mox.KodeIkkeTilladt, "nøglen %s giver ikke ret til at skrive en %s med %s", hvem.Navn, o.ObjektType, strings.Join(mangler, ", ")).
		Med("ret ejer, primaerklasse eller foelsomhedsklasse, eller få retten udvidet"))
}

// maaGemme refuses a registrering that the caller may not make, or not without saying why.
func (k *kald) maaGemme(t mox.ObjektType, ny mox.Registrering, s *skrivning) error {
	o := k.r.klassificering(t, s.post)
	if err := k.r.maaBlive(k.hvem, o); err != nil {
		return err
	}
	if personlig(o, s.personer) {
		if err := k.kraevFormaal(); err != nil {
			return err
		}
	}
	return udenSkjulte(t, ny)
}

// maaHenvise refuses a new reference to document bytes that the register has for others only: with an objekt of one's own
// that refers to them they could be read. Who sends the bytes has them.
func (k *kald) maaHenvise(tx *store.Tx, nye []store.Registerfelt) error {
	felt := feltnavn(dokument(), "d", "indhold")
	for _, f := range nye {
		sha, ok := indhold.Sha(f.Vaerdi)
		if f.Felt != felt || !ok || slices.Contains(k.hvem.Sendt, sha) {
			continue
		}
		alle, err := tx.RegisterHenvisninger(felt, f.Vaerdi, time.Time{}, []store.Registerkreds{{}})
		if err != nil || len(alle) == 0 {
			return err
		}
		egne, err := tx.RegisterHenvisninger(felt, f.Vaerdi, time.Time{}, k.r.kredse(k.hvem.Adgang.Laese))
		if err != nil {
			return err
		}
		if len(egne) == 0 {
			return naegtet(&mox.Error{Kode: mox.KodeUgyldig, Op: "register", Tekst: "dokumentets indhold kan ikke bruges", Raad: "send filen som et felt i samme formular (multipart/form-data)",
				Felter: []mox.Feltfejl{{Sti: "indhold", Regel: "indhold", Spec: "oio 87", Tekst: "findes ikke her"}}})
		}
	}
	return nil
}

// klargoerRaekker is how many registreringer are gone through in one transaction.
const klargoerRaekker = 200

// Klargoer works out what the right to each registrering is decided by, where the database is from before that was kept.
// Until then only those who may read everything see them. Call it before the register is used.
func (r *Register) Klargoer(ctx context.Context) error {
	for n := klargoerRaekker; n == klargoerRaekker; {
		err := r.store.Update(ctx, func(tx *store.Tx) error {
			uklare, err := tx.UklareRegistreringer(klargoerRaekker)
			n = len(uklare)
			for i := range uklare {
				if err == nil {
					err = r.klargoer(tx, &uklare[i])
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Register) klargoer(tx *store.Tx, u *store.Uklar) error {
	v, err := r.version(&u.Registerraekke)
	if err != nil {
		return err
	}
	type_, _ := mox.TypeAf(u.ObjektType)
	paa := v.FraTidspunkt
	if u.Nyeste {
		paa = tx.Now()
	}
	if err := tx.Klassificer(&u.Registerraekke, post(type_, v.Registrering, mox.Kl(paa)), u.Nyeste); err != nil || !u.Nyeste || fortaelles(&u.Registerraekke) {
		return err
	}
	return tx.SaetRegistergraenser(u.Objekt, graenser(v.Registrering, paa)) // it had none
}
