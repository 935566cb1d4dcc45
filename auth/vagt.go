package auth

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/problem"
)

// LinkSti is where the holder of the local key gets a new one-time link by POST.
const LinkSti = "/api/lokal/link"

// Options are what a [Vagt] is made of.
type Options struct {
	Adresser    []string    // what the server listens on, host:port; at least one. The first gives the session cookie its name
	Vaerter     []string    // names that others know the server by, "mox.kommune.dk" or "mox.kommune.dk:8443"
	LokalNoegle string      // see [LokalNoegle]; "" = nobody has it
	Noegler     []APINoegle // keys given out
	Udstedere   []Udsteder  // whose tokens let systems in
	Klienter    []Klientcertifikat
	Personer    Personer        // who log in with a password; nil = nobody
	Ekstern     *Personudsteder // where people log in, too; nil = nowhere
	Eksterne    Eksterne        // their accounts; for Ekstern, and then not nil
	Programmer  []string        // the first parts of paths that are for programs too, beside /api and /indhold: "sag"
	Log         *slog.Logger
	Nu          func() time.Time // nil = time.Now
}

// Vagt stands before all of MOX' pages and programs. It is safe for concurrent use.
//
// Sessions of one-time links live in memory: they end when the process does. Those of accounts are the [Personer]'s.
type Vagt struct {
	vaerter    vaerter
	ring       *noeglering
	tokens     *tokenproever
	certer     *certifikater
	links      *billetter
	sessioner  *billetter
	personer   Personer
	ekstern    *personlogin
	programmer []string
	cookie     string
	nu         func() time.Time
	log        *slog.Logger

	mu       sync.Mutex
	afviste  map[string]uint64
	tilLog   int       // refused since the last line
	sidstLog time.Time // when that was written
}

// NyVagt checks what it is given; [mox.KodeUgyldig] tells what is wrong.
func NyVagt(o Options) (*Vagt, error) {
	if len(o.Adresser) == 0 {
		return nil, mox.E("auth", mox.KodeUgyldig, "der er ingen lytteadresse")
	}
	vaerter, err := nyeVaerter(o.Adresser, o.Vaerter)
	if err != nil {
		return nil, err
	}
	ring, err := nyRing(o.LokalNoegle, o.Noegler)
	if err != nil {
		return nil, err
	}
	if o.Nu == nil {
		o.Nu = time.Now
	}
	tokens, err := nyTokenproever(o.Udstedere, o.Nu)
	if err != nil {
		return nil, err
	}
	certer, err := nyeCertifikater(o.Klienter)
	if err != nil {
		return nil, err
	}
	ekstern, err := nyPersonlogin(o.Ekstern, o.Eksterne, vaerter, o.Nu)
	if err != nil {
		return nil, err
	}
	v := &Vagt{vaerter: vaerter, ring: ring, tokens: tokens, certer: certer, links: nyeBilletter(linkLevetid, maksLinks), sessioner: nyeBilletter(sessionLevetid, maksSessioner),
		programmer: o.Programmer, personer: o.Personer, ekstern: ekstern, cookie: cookienavn(port(o.Adresser[0])), nu: o.Nu, log: o.Log, afviste: map[string]uint64{}}
	if v.log == nil {
		v.log = slog.New(slog.DiscardHandler)
	}
	return v, nil
}

// Where a vendor reads what the calls are, before there is a key.
const (
	OpenAPISti       = "/api/v1/openapi.json"
	DokumentationSti = "/api/v1/dokumentation"
)

// aaben reports whether a path is for everyone: the health of the server, what the calls are, and the files its pages are
// drawn with.
func aaben(sti string) bool {
	if slices.Contains(strings.Split(sti, "/"), "..") {
		return false
	}
	return sti == "/healthz" || sti == "/readyz" || sti == OpenAPISti || sti == DokumentationSti || strings.HasPrefix(sti, "/statisk/")
}

// forProgrammer reports whether a path is for programs, which are answered with problem documents. All others are pages.
func forProgrammer(sti string) bool {
	return strings.HasPrefix(sti, "/api/") || sti == "/indhold" || strings.HasPrefix(sti, "/indhold/") || sti == "/metrics"
}

// forProgrammer is [forProgrammer], with the paths that this server has beside.
func (v *Vagt) forProgrammer(sti string) bool {
	foerste, _, _ := strings.Cut(strings.TrimPrefix(sti, "/"), "/")
	return forProgrammer(sti) || slices.Contains(v.programmer, foerste)
}

// Beskyt lets through to naeste only calls that
//
//   - name this server by one of its own names (else 421),
//   - come from one of our own pages, if they come from a page at all; links to pages may be followed from anywhere (else 403),
//   - carry a good key or token (Authorization: Bearer), a client certificate or a session; a page is not for Rolle System
//     (else 401 or 403; 503 where a token or a session cannot be judged now). A person who opens a page is sent to [LogIndSti].
//
// /healthz, /readyz, the vendors' documentation and /statisk/ need no key. The caller is then in the request's context, see [Fra]. A session may change
// something only when the browser says that the call comes from our own pages (Origin or Sec-Fetch-Site); that holds for
// forms and scripts alike, so no token has to be carried about.
//
// Pages under naeste must keep Referrer-Policy: same-origin, set here: with no-referrer, forms would send Origin: null.
func (v *Vagt) Beskyt(naeste http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sikre(w.Header())
		switch {
		case !v.vaerter.kender(r.Host):
			v.afvist(r, "vaert")
			problem.Skriv(w, r, problem.Som(http.StatusMisdirectedRequest, mox.E("auth", mox.KodeIkkeTilladt, "MOX kendes ikke under det navn").
				Med("brug serverens egen adresse, eller tilføj navnet i opsætningen")))
		case fremmed(r):
			v.naegt(w, r, "oprindelse", mox.E("auth", mox.KodeIkkeTilladt, "kaldet kommer fra en anden side end MOX' egne").Med("kald fra et program eller fra MOX' egne sider"))
		case r.URL.Path == StartSti:
			v.start(w, r)
		case r.URL.Path == LogIndEksternSti || r.URL.Path == logIndSvarSti:
			v.eksternt(w, r)
		case aaben(r.URL.Path):
			naeste.ServeHTTP(w, r)
		default:
			v.medIdentitet(w, r, naeste)
		}
	})
}

// sikre sets what every answer carries: it is what it says it is, and nobody frames it or reads it from another site.
func sikre(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

func (v *Vagt) medIdentitet(w http.ResponseWriter, r *http.Request, naeste http.Handler) {
	hvem, grund, err := v.hvem(r)
	switch {
	case grund == "ukendt" && v.personer != nil && udenLogin(r.URL.Path):
		begraens(w, r)
		naeste.ServeHTTP(w, r)
	case err != nil:
		v.naegt(w, r, grund, err)
	case hvem.Rolle == System && !v.forProgrammer(r.URL.Path):
		v.naegt(w, r, "rolle", mox.E("auth", mox.KodeIkkeTilladt, "et systems nøgle giver ikke adgang til siderne"))
	case hvem.SkalSkifte && !udenEgetKodeord(r.URL.Path):
		v.tilSkift(w, r)
	case r.URL.Path == LinkSti:
		v.nytLink(w, r, hvem)
	default:
		naeste.ServeHTTP(w, r.WithContext(Med(r.Context(), hvem)))
	}
}

// Kend tells who holds a key. The error has [mox.KodeIkkeLoggetInd], and is [ErrUdloebet] for a key that was good once.
func (v *Vagt) Kend(noegle string) (Identitet, error) { return v.ring.find(noegle, v.nu()) }

// HarNavn reports whether a key, a certificate or a token lets somebody in under a name, however it is typed: a person is not
// to have it, for what is done under a name is done by one.
func (v *Vagt) HarNavn(navn string) bool {
	var alle []Identitet
	for _, p := range v.ring.poster {
		alle = append(alle, p.hvem)
	}
	alle = slices.AppendSeq(alle, maps.Values(v.certer.aftryk))
	alle = slices.AppendSeq(alle, maps.Values(v.certer.subject))
	for _, u := range v.tokens.udstedere {
		alle = slices.AppendSeq(alle, maps.Values(u.hvem))
	}
	return slices.ContainsFunc(alle, func(i Identitet) bool { return strings.EqualFold(i.Navn, navn) })
}

// hvem finds out who calls. A key or token decides alone where one is given, then a client certificate: a wrong one is not
// saved by a session.
func (v *Vagt) hvem(r *http.Request) (hvem Identitet, grund string, err error) {
	if h := r.Header.Values("Authorization"); len(h) > 0 {
		art, noegle, _ := strings.Cut(h[0], " ")
		if len(h) > 1 || !strings.EqualFold(art, "Bearer") || noegle == "" {
			return hvem, "noegle", mox.E("auth", mox.KodeIkkeLoggetInd, "Authorization er ikke en nøgle").Med("send headeren Authorization: Bearer <nøgle>")
		}
		if len(v.tokens.udstedere) > 0 && erToken(noegle) {
			hvem, err = v.tokens.find(r.Context(), noegle)
			return hvem, "token", err
		}
		hvem, err = v.Kend(noegle)
		return hvem, "noegle", err
	}
	if hvem, har, err := v.certer.find(r, v.nu()); har {
		return hvem, "certifikat", err
	}
	hvem, ok, err := v.person(r)
	switch {
	case err != nil:
		return hvem, "session", err
	case !ok && !v.harSession(r):
		return hvem, "ukendt", mox.E("auth", mox.KodeIkkeLoggetInd, "kaldet har ingen nøgle").Med("send headeren Authorization: Bearer <nøgle>")
	case !laeser(r.Method) && !beviser(r):
		return hvem, "oprindelse", mox.E("auth", mox.KodeIkkeTilladt, "browseren siger ikke, hvilken side kaldet kommer fra").Med("brug en nyere browser")
	case ok:
		return hvem, "", nil
	}
	return Lokal(), "", nil
}

// nytLink gives the holder of the local key a new one-time link. A key that was given out has another owner, who is not to
// become somebody else by it.
func (v *Vagt) nytLink(w http.ResponseWriter, r *http.Request, hvem Identitet) {
	switch {
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		problem.Skriv(w, r, problem.Som(http.StatusMethodNotAllowed, mox.E("auth", mox.KodeUgyldig, "%s er ikke en metode her", r.Method).Med("brug POST")))
	case hvem != Lokal():
		problem.Skriv(w, r, mox.E("auth", mox.KodeIkkeTilladt, "kun den lokale nøgle giver et link").Med("kør mox status --link på den maskine, hvor MOX kører"))
	default:
		skema := "http"
		if r.TLS != nil {
			skema = "https"
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(Link{Link: skema + "://" + r.Host + v.Engangslink(), Udloeber: v.nu().Add(linkLevetid).UTC().Truncate(time.Second)}) // a caller that has gone can ask again
	}
}

// Link is the answer to POST [LinkSti].
type Link struct {
	Link     string    `json:"link"`
	Udloeber time.Time `json:"udloeber"`
}

// naegt refuses r in the form that its caller reads.
func (v *Vagt) naegt(w http.ResponseWriter, r *http.Request, grund string, err error) {
	v.afvist(r, grund)
	switch {
	case v.forProgrammer(r.URL.Path):
		problem.Skriv(w, r, err)
	case mox.KodeAf(err) == mox.KodeIkkeLoggetInd && v.tilLogin(w, r):
	case mox.Forbigaaende(err):
		skrivSide(w, http.StatusServiceUnavailable, sideNede)
	case mox.KodeAf(err) == mox.KodeIkkeLoggetInd && v.personer != nil:
		skrivSide(w, http.StatusUnauthorized, sideLoggetUd)
	case mox.KodeAf(err) == mox.KodeIkkeLoggetInd:
		skrivSide(w, http.StatusUnauthorized, sideIkkeInde)
	default:
		skrivSide(w, http.StatusForbidden, sideIkkeTilladt)
	}
}

// logPause is the least time between two lines about refused calls, so that whoever has no key cannot fill the log.
const logPause = 10 * time.Second

// afvist counts a refused call, and logs that there were some. Nothing of the call is kept but the address it came from.
func (v *Vagt) afvist(r *http.Request, grund string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.afviste[grund]++
	v.tilLog++
	nu := v.nu()
	if !v.sidstLog.IsZero() && nu.Sub(v.sidstLog) < logPause {
		return
	}
	v.log.Warn("kald afvist", "antal", v.tilLog, "seneste_grund", grund, "seneste_fra", fra(r))
	v.tilLog, v.sidstLog = 0, nu
}

// Afviste counts the refused calls by reason: vaert, oprindelse, noegle, token, certifikat, session, ukendt, rolle, engangslink, oidc.
func (v *Vagt) Afviste() map[string]uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	ud := make(map[string]uint64, len(v.afviste))
	for k, n := range v.afviste {
		ud[k] = n
	}
	return ud
}
