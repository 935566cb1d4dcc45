package console

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/internal/laes"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/store"
)

// maksHistorik is how many of an objekt's registreringer its page lists.
const maksHistorik = 100

// registerobjektside is an objekt on its two time axes, and as it was at one point of them.
type registerobjektside struct {
	Type         mox.ObjektType
	ID           mox.ObjektID
	BVN, Titel   string
	Livscyklus   mox.LivscyklusKode
	Sti          string // of this page
	Aaben        bool   // values are shown
	Offentlig    bool   // they are for everyone
	Begrundelse  string // given to see them
	Flere        bool   // there are more registreringer than are listed
	Billeder     []tobillede
	Registrering []registreringsrad
	Reg, Virk    string // the chosen point as it stands in the address; "" = now
	Dato         string // the chosen virkningstid as a date
	RegTid       time.Time
	VirkTid      time.Time
	Nu           bool // both are now
	Foer         bool // the register did not know the objekt then
	Vaerdier     []dagsvaerdi
	Forskellige  int
	MaaGlemmes   bool // the person may erase it for good
}

// registreringsrad is one registrering in the list.
type registreringsrad struct {
	Nr         int64
	Fra        time.Time
	Reg        string // as it stands in the address
	Livscyklus mox.LivscyklusKode
	Bruger     string
	Note       string
	HarNote    bool
	Valgt      bool
	Nyeste     bool
	Sti        string
}

// dagsvaerdi is one value as it was at the chosen point, and as it is now.
type dagsvaerdi struct {
	Sti, Navn      string
	Da, Nu         string
	DaLink, NuLink string // where the objekt it refers to is shown; "" = nowhere
	Anderledes     bool
}

// vistVaerdi is one value as a cell of the table shows it.
type vistVaerdi struct {
	Aaben       bool
	Tekst, Link string
}

func nyVistVaerdi(aaben bool, tekst, link string) vistVaerdi { return vistVaerdi{aaben, tekst, link} }

func (c *console) registerobjekt(w http.ResponseWriter, r *http.Request) error {
	return c.visRegisterobjekt(w, r, r.URL.Query(), false)
}

// aabnRegisterobjekt shows an objekt with its values to one who gives a reason, which is logged first.
func (c *console) aabnRegisterobjekt(w http.ResponseWriter, r *http.Request) error {
	if err := kraevBegrundelse(r); err != nil {
		return err
	}
	t, id := mox.ObjektType(r.PathValue("type")), mox.ObjektID(r.PathValue("id"))
	if _, err := c.Register.Historik(r.Context(), c.registerhvem(r), t, id, 1); err != nil {
		return err
	}
	h := c.hvem(r)
	err := c.D.Store().Update(r.Context(), func(tx *store.Tx) error {
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "vis-indhold", Maal: "registerobjekt " + string(id), Antal: 1, Begrundelse: h.Begrundelse})
	})
	if err != nil {
		return err
	}
	return c.visRegisterobjekt(w, r, r.PostForm, true)
}

func (c *console) visRegisterobjekt(w http.ResponseWriter, r *http.Request, q url.Values, aabnet bool) error {
	type_, ok := mox.TypeAf(mox.ObjektType(r.PathValue("type")))
	if !ok {
		return mox.E("register", mox.KodeIkkeFundet, "objekttypen findes ikke")
	}
	valgt, err := punktAf(q)
	if err != nil {
		return err
	}
	id := mox.ObjektID(strings.ToLower(r.PathValue("id")))
	l, err := c.Register.Historik(r.Context(), c.registerhvem(r), type_.Navn, id, maksHistorik+1)
	if mox.KodeAf(err) == mox.KodeGlemt {
		return c.visGlemt(w, r, nil)
	}
	if err != nil {
		return err
	}
	f, err := c.Register.Forskel(r.Context(), c.registerhvem(r), type_.Navn, id, &valgt, register.Punkt{})
	if err != nil {
		return err
	}
	s := c.sprog[vaelg(r)]
	o := objektvisning{s: s, type_: type_, l: l, f: f, valgt: valgt, nu: c.Nu(), aaben: aabnet || offentlig(type_), links: !aabnet}
	d := o.side()
	d.MaaGlemmes = c.maaGlemme(r)
	if aabnet {
		d.Begrundelse = begrundelse(r)
	}
	if err := c.navngiv(r, d.Vaerdier); err != nil {
		return err
	}
	return c.vis(w, r, "registerobjekt", side{Titel: string(d.Type) + " " + d.BVN, Nav: "register", Tilbage: d.Sti, D: d})
}

// punktAf reads the chosen point: reg and virk; "" = now.
func punktAf(q url.Values) (p register.Punkt, err error) {
	if v := q.Get("reg"); v != "" {
		t, err := mox.LaesTidspunkt(v)
		tid, bundet := t.Tid()
		if err != nil || !bundet {
			return p, tidsfejl("reg")
		}
		p.Reg = tid
	}
	if v := q.Get("virk"); v != "" {
		t, err := mox.LaesTidspunkt(v)
		if _, bundet := t.Tid(); err != nil || !bundet {
			return p, tidsfejl("virk")
		}
		p.Virk = t
	}
	return p, nil
}

func tidsfejl(felt string) error {
	return &mox.Error{Kode: mox.KodeUgyldig, Op: "register", Tekst: "tidspunktet kan ikke læses", Raad: "vælg det på siden, eller skriv en dato som 2026-03-02", Felter: []mox.Feltfejl{{Sti: felt, Regel: "tid", Tekst: "er ikke et tidspunkt"}}}
}

// objektvisning makes the page of an objekt.
type objektvisning struct {
	s     *sprog
	type_ *mox.Type
	l     register.Laest
	f     register.Forskelle // between the chosen point and now
	valgt register.Punkt
	nu    time.Time
	aaben bool
	links bool // the picture can be clicked: a page that took a reason is not an address
}

func (o *objektvisning) side() registerobjektside {
	d := registerobjektside{Type: o.type_.Navn, ID: o.l.ObjektID, Livscyklus: o.l.Livscyklus, Sti: registerSti(o.type_.Navn, o.l.ObjektID), Aaben: o.aaben, Offentlig: offentlig(o.type_),
		Nu: o.valgt == register.Punkt{}, Foer: o.f.Fra.Version == nil}
	felter := gaeldende(o.type_, &o.l.Versioner[0], mox.Kl(o.nu))
	d.BVN = laes.Maskeret(felter["brugervendtnoegle"])
	if o.aaben {
		d.Titel = felter[titelfelt(o.type_)]
	}
	if d.Flere = len(o.l.Versioner) > maksHistorik; d.Flere {
		o.l.Versioner = o.l.Versioner[:maksHistorik]
	}
	d.Reg, d.Virk = regtekst(o.valgt.Reg), virktekst(o.valgt.Virk)
	d.VirkTid, _ = o.f.Fra.Virkningstid.Tid()
	d.Dato = d.VirkTid.Format(time.DateOnly)
	if v := o.f.Fra.Version; v != nil {
		d.RegTid = v.FraTidspunkt
	} else {
		d.RegTid = o.valgt.Reg
	}
	for i := range o.l.Versioner {
		d.Registrering = append(d.Registrering, o.registrering(i))
	}
	d.Vaerdier = o.vaerdier()
	for _, v := range d.Vaerdier {
		if v.Anderledes {
			d.Forskellige++
		}
	}
	d.Billeder = o.billeder()
	return d
}

func regtekst(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func virktekst(t mox.Tidspunkt) string {
	if !t.Angivet() {
		return ""
	}
	return t.String()
}

// punktsti is the address of this page at a point.
func (o *objektvisning) punktsti(reg time.Time, virk mox.Tidspunkt) string {
	q := url.Values{}
	if !reg.IsZero() {
		q.Set("reg", regtekst(reg))
	}
	if virk.Angivet() {
		q.Set("virk", virktekst(virk))
	}
	if len(q) == 0 {
		return registerSti(o.type_.Navn, o.l.ObjektID)
	}
	return registerSti(o.type_.Navn, o.l.ObjektID) + "?" + q.Encode()
}

// valgtVersion reports whether a registrering is the one in force at the chosen point.
func (o *objektvisning) valgtVersion(v *register.Version) bool {
	return o.f.Fra.Version != nil && o.f.Fra.Version.Nr == v.Nr
}

// regAf is when a registrering is chosen by: what is in force is chosen by nothing.
func (o *objektvisning) regAf(i int) time.Time {
	if i == 0 {
		return time.Time{}
	}
	return o.l.Versioner[i].FraTidspunkt
}

func (o *objektvisning) registrering(i int) registreringsrad {
	v := &o.l.Versioner[i]
	ud := registreringsrad{Nr: v.Nr, Fra: v.FraTidspunkt, Reg: regtekst(o.regAf(i)), Livscyklus: v.LivscyklusKode, Bruger: v.BrugerRef.String(), HarNote: v.NoteTekst != "",
		Valgt: o.valgtVersion(v), Nyeste: i == 0, Sti: o.punktsti(o.regAf(i), o.valgt.Virk)}
	if o.aaben {
		ud.Note = v.NoteTekst
	}
	return ud
}

// vaerdier are all values there were at the chosen point or are now, in the order of the type's table.
func (o *objektvisning) vaerdier() (ud []dagsvaerdi) {
	stier := slices.Collect(maps.Keys(o.f.Fra.Vaerdier))
	for sti := range o.f.Til.Vaerdier {
		if _, ok := o.f.Fra.Vaerdier[sti]; !ok {
			stier = append(stier, sti)
		}
	}
	slices.SortFunc(stier, func(a, b string) int {
		if d := o.plads(a) - o.plads(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, sti := range stier {
		da, nu := o.f.Fra.Vaerdier[sti], o.f.Til.Vaerdier[sti]
		v := dagsvaerdi{Sti: sti, Navn: stinavn(o.type_, sti), Anderledes: da != nu}
		if o.aaben {
			v.Da, v.Nu, v.DaLink, v.NuLink = da, nu, o.link(sti, da), o.link(sti, nu)
		}
		ud = append(ud, v)
	}
	return ud
}

// navngiv says of the classifications that are referred to what they are called.
func (c *console) navngiv(r *http.Request, vaerdier []dagsvaerdi) error {
	for i := range vaerdier {
		v := &vaerdier[i]
		for _, x := range []struct {
			tekst *string
			link  string
		}{{&v.Da, v.DaLink}, {&v.Nu, v.NuLink}} {
			navn, err := c.klassenavn(r, x.link, mox.ObjektID(*x.tekst))
			if err != nil {
				return err
			}
			*x.tekst = cmp.Or(navn, *x.tekst)
		}
	}
	return nil
}

// klassenavn is the key and title of the classification that link leads to; "" where it is another thing, or not here.
func (c *console) klassenavn(r *http.Request, link string, id mox.ObjektID) (string, error) {
	navn, _, _ := strings.Cut(strings.TrimPrefix(link, "/register/"), "/")
	t, ok := mox.TypeAf(mox.ObjektType(navn))
	if !ok || !offentlig(t) {
		return "", nil
	}
	l, err := c.Register.List(r.Context(), c.registerhvem(r), t.Navn, []mox.ObjektID{id}, register.Tider{VirkFra: mox.MinusUendelig, VirkTil: mox.Uendelig})
	if err != nil || len(l) == 0 {
		return "", err
	}
	felter := gaeldende(t, &l[0].Versioner[0], mox.Kl(c.Nu()))
	return strings.TrimSpace(felter["brugervendtnoegle"] + " " + felter[titelfelt(t)]), nil
}

// plads is where a sti's kind stands: what an objekt is called, its states, the rest of its attributes, and its relations.
func (o *objektvisning) plads(sti string) int {
	navn, iEgenskaber := strings.CutPrefix(sti, "egenskaber.")
	switch {
	case sti == "egenskaber.brugervendtnoegle":
		return 0
	case navn == titelfelt(o.type_):
		return 1
	case strings.HasPrefix(sti, "tilstande."):
		return 2
	case iEgenskaber:
		return 3 + slices.IndexFunc(o.type_.Egenskaber().Felter, func(f mox.Felt) bool { return f.Navn == navn })
	case strings.HasPrefix(sti, "relationer."):
		return 1000
	}
	return 2000
}

// link is where the objekt is shown that a relation refers to.
func (o *objektvisning) link(sti, v string) string {
	led := strings.Split(sti, ".")
	if led[0] != "relationer" || !mox.ErUUID(v) || len(led) > 2 && !erTal(led[2]) || len(led) > 3 {
		return ""
	}
	rt, ok := o.type_.Relation(led[1])
	if !ok {
		return ""
	}
	if _, ok := mox.TypeAf(mox.ObjektType(rt.Maal)); !ok {
		return ""
	}
	return registerSti(mox.ObjektType(rt.Maal), mox.ObjektID(v))
}

func erTal(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}
