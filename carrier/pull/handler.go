package pull

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/openapi"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/internal/wire"
	"github.com/moxkit/mox/klient"
	"github.com/moxkit/mox/oio"
)

// Limits on what is read from a caller, and how long it may take.
const (
	maksIndlevering = 8 << 20
	maksKald        = oio.MaksBeskedBytes
	laesFrist       = 30 * time.Second
	dokumentFrist   = 15 * time.Minute
	svarFrist       = time.Minute
)

// Handler offers t over HTTP under /api/v1/ and /indhold, to callers whom [auth.Vagt] has put into the context. Errors are
// RFC 9457 problem documents.
func Handler(t Tjeneste) http.Handler {
	a := &api{t}
	mux := http.NewServeMux()
	for sti, r := range a.ruter() {
		mux.Handle(sti, a.svarer(r))
	}
	for sti, vis := range dokumenter() { // GET is answered before anybody is asked who they are; the rest is refused
		mux.Handle("GET "+sti, vis)
		mux.Handle(sti, a.svarer(ressource{http.MethodGet: nil}))
	}
	mux.Handle("/", a.svarer(nil))
	return mux
}

// dokumenter are the calls described, for whoever [auth.Vagt] lets through without a key.
func dokumenter() map[string]http.HandlerFunc {
	d := openapi.New(dokumentation())
	return map[string]http.HandlerFunc{auth.OpenAPISti: d.JSON, auth.DokumentationSti: d.Side}
}

func (a *api) ruter() map[string]ressource {
	return map[string]ressource{
		"/api/v1/kilder/{agent}/{kilde}":            {"GET": a.kilde},
		"/api/v1/kilder/{agent}/{kilde}/objekter":   {"GET": a.levende},
		"/api/v1/uafklarede":                        {"POST": a.uafklarede},
		"/api/v1/indlevering":                       {"POST": a.indlever},
		"/api/v1/afstemning":                        {"POST": a.afstem},
		"/api/v1/abonnementer/{id}/hent":            {"POST": a.hent},
		"/api/v1/abonnementer/{id}/feed":            {"GET": a.feed},
		"/api/v1/abonnementer/{id}/feed/sammendrag": {"GET": a.sammendrag},
		"/api/v1/lejemaal/forny":                    {"POST": a.forny},
		"/api/v1/leverancer/{id}/afslut":            {"POST": a.afslut},
		"/api/v1/beskeder":                          {"POST": a.send},
		"/api/v1/beskeder/uafsluttede":              {"GET": a.uafsluttede},
		"/api/v1/beskeder/{id}":                     {"GET": a.besked},
		"/indhold":                                  {"POST": a.gemIndhold},
		"/indhold/{sha}":                            {"GET": a.hentIndhold},
	}
}

func ukendtAdresse() error {
	return mox.E("kald", mox.KodeIkkeFundet, "adressen findes ikke").Med("se stierne i vejledningen; de begynder med /api/v1/")
}

type api struct{ t Tjeneste }

// kald answers one call, or says why not.
type kald func(http.ResponseWriter, *http.Request, auth.Identitet) error

// ressource is what can be done at an address, by method.
type ressource map[string]kald

func (a *api) svarer(ved ressource) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := ved.kald(w, r); err != nil {
			a.log(r, err)
			problem.Skriv(w, r, err)
		}
	})
}

func (res ressource) kald(w http.ResponseWriter, r *http.Request) error {
	if res == nil || !utf8.ValidString(r.URL.Path) || strings.ContainsFunc(r.URL.Path, unicode.IsControl) {
		return ukendtAdresse()
	}
	metode := r.Method
	if metode == http.MethodHead {
		metode = http.MethodGet
	}
	f, ok := res[metode]
	if !ok {
		w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(res)), ", "))
		return problem.Som(http.StatusMethodNotAllowed, mox.E("kald", mox.KodeUgyldig, "%s er ikke en metode her", r.Method))
	}
	hvem, ok := auth.Fra(r.Context())
	if !ok {
		return mox.E("kald", mox.KodeIkkeLoggetInd, "kaldet har ingen nøgle")
	}
	return f(w, r, hvem)
}

// log tells the operator what a caller is not told. The path may hold an id that is somebody's business.
func (a *api) log(r *http.Request, err error) {
	if problem.Af(err).Status >= 500 && r.Context().Err() == nil {
		a.t.log().Error("et kald kunne ikke besvares", "metode", r.Method, "adresse", r.Pattern, "fejl", mox.Maskeret(err.Error()), "årsag", aarsag(err))
	}
}

// aarsag is what lies under a [*mox.Error], for the operator.
func aarsag(err error) string {
	if e := errors.Unwrap(err); e != nil {
		return mox.Maskeret(e.Error())
	}
	return ""
}

func (t Tjeneste) log() *slog.Logger {
	if t.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return t.Log
}

// krop reads the body of a call with a JSON body of at most maks bytes.
func krop(w http.ResponseWriter, r *http.Request, maks int64) ([]byte, error) {
	if indholdstype(r) != oio.TypeJSON {
		return nil, andenType("kaldets Content-Type er ikke application/json", "send JSON i UTF-8, og sæt Content-Type: application/json")
	}
	return laesKrop(w, r, maks)
}

func andenType(tekst, raad string) error {
	return problem.Som(http.StatusUnsupportedMediaType, mox.E("kald", mox.KodeUgyldig, "%s", tekst).Med(raad))
}

// indholdstype is the content type of a call without its parameters; "" where it is none, or in another charset than UTF-8.
func indholdstype(r *http.Request) string {
	t, p, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || p["charset"] != "" && !strings.EqualFold(p["charset"], "utf-8") {
		return ""
	}
	return t
}

func laesKrop(w http.ResponseWriter, r *http.Request, maks int64) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "" {
		return nil, andenType("kaldet er pakket", "send det uden Content-Encoding")
	}
	if r.ContentLength > maks {
		return nil, &http.MaxBytesError{Limit: maks}
	}
	slip := laesInden(w, laesFrist)
	defer slip()
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maks))
	return b, afbrudt(err)
}

// laesInden gives the caller a time to send its body in. slip ends that, so that it does not end a call that waits.
func laesInden(w http.ResponseWriter, d time.Duration) (slip func()) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Now().Add(d)) // a ResponseWriter that has none is not a network's
	return func() { _ = c.SetReadDeadline(time.Time{}) }
}

func svarInden(w http.ResponseWriter, d time.Duration) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(d)) // as above
}

// afbrudt is the caller's own doing when a body could not be read to its end.
func afbrudt(err error) error {
	switch {
	case err == nil, errors.As(err, new(*http.MaxBytesError)), errors.As(err, new(*mox.Error)):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, os.ErrDeadlineExceeded):
		return problem.Som(http.StatusRequestTimeout, mox.E("kald", mox.KodeUgyldig, "kaldet blev afbrudt, før det var modtaget helt").Med("send det igen"))
	}
	return err
}

func laes(w http.ResponseWriter, r *http.Request, maks int64, v any) error {
	b, err := krop(w, r, maks)
	if err != nil {
		return err
	}
	return afkod(b, v)
}

// svar writes v as the whole answer.
func svar(w http.ResponseWriter, status int, v any) error {
	b, err := wire.JSON(v)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", oio.TypeJSON)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a caller that has gone is told nothing
	return nil
}

func (a *api) kilde(w http.ResponseWriter, r *http.Request, id auth.Identitet) error {
	agent := r.PathValue("agent")
	if id.Rolle != auth.Laeser {
		if err := maaVaereAgent(id, agent); err != nil {
			return err
		}
	}
	k, err := a.t.Kilde(r.Context(), agent, r.PathValue("kilde"))
	if err != nil {
		return err
	}
	return svar(w, http.StatusOK, fraKilde(k))
}

func (a *api) indlever(w http.ResponseWriter, r *http.Request, id auth.Identitet) error {
	i, err := laesIndlevering(w, r, id)
	if err != nil {
		return err
	}
	ud, err := a.t.Indlever(r.Context(), i)
	if err != nil {
		return err
	}
	return svar(w, http.StatusOK, ud)
}

// uafklaredesvar names the leverancer to wait for.
type uafklaredesvar struct {
	Leverancer []int64 `json:"leverancer"`
}

func (a *api) uafklarede(w http.ResponseWriter, r *http.Request, id auth.Identitet) error {
	var l distributor.Laest
	if err := laes(w, r, maksKald, &l); err != nil {
		return err
	}
	if err := validerLaest(l); err != nil {
		return err
	}
	if err := maaIndlevere(id, l.System, l.Agent); err != nil {
		return err
	}
	ud, err := a.t.Uafklarede(r.Context(), l)
	if err != nil {
		return err
	}
	return svar(w, http.StatusOK, uafklaredesvar{append([]int64{}, ud...)})
}

// laesIndlevering reads an Indlevering that the caller may make.
func laesIndlevering(w http.ResponseWriter, r *http.Request, id auth.Identitet) (i distributor.Indlevering, err error) {
	if err := laes(w, r, maksIndlevering, &i); err != nil {
		return i, err
	}
	if err := validerIndlevering(i); err != nil {
		return i, err
	}
	return i, maaIndlevere(id, i.System, i.Agent)
}

func (a *api) hent(w http.ResponseWriter, r *http.Request, id auth.Identitet) error {
	var k wire.Hentkald
	if err := laes(w, r, maksKald, &k); err != nil {
		return err
	}
	if err := validerHent(&k); err != nil {
		return err
	}
	abonnement := mox.AbonnementID(r.PathValue("id"))
	if err := a.maaBruge(id, abonnement); err != nil {
		return err
	}
	ejer, err := fjernEjer(id, k.Ejer)
	if err != nil {
		return err
	}
	svarInden(w, k.Vent.Varighed()+svarFrist)
	arbejde, err := a.t.Hent(r.Context(), abonnement, ejer, k.N, k.Leje.Varighed(), k.Vent.Varighed())
	if err != nil {
		return err
	}
	return a.udlever(w, r, abonnement, arbejde)
}

// udlever answers with work, or hands it back when there is nobody to give it to.
func (a *api) udlever(w http.ResponseWriter, r *http.Request, abonnement mox.AbonnementID, arbejde []distributor.Arbejde) error {
	ctx := r.Context()
	if ctx.Err() != nil {
		a.giv(ctx, arbejde, "den, der bad om opgaven, var gået, da den var fundet")
		return ctx.Err()
	}
	ud := wire.Hentsvar{Abonnement: abonnement, Arbejde: []wire.Arbejdesvar{}}
	for i := range arbejde {
		s, err := fraArbejde(arbejde[i])
		if err != nil {
			a.giv(ctx, arbejde, "opgaven kunne ikke skrives som JSON")
			return err
		}
		ud.Arbejde = append(ud.Arbejde, s)
	}
	return svar(w, http.StatusOK, ud)
}

// giv hands back work that nobody has been given.
func (a *api) giv(ctx context.Context, arbejde []distributor.Arbejde, hvorfor string) {
	a.t.Distributor.GivTilbage(context.WithoutCancel(ctx), arbejde, mox.Udfald{Kode: "ikke_hentet", Tekst: hvorfor})
}

func (a *api) forny(w http.ResponseWriter, r *http.Request, id auth.Identitet) error {
	var k wire.Fornykald
	if err := laes(w, r, maksKald, &k); err != nil {
		return err
	}
	if err := validerForny(k); err != nil {
		return err
	}
	if err := maaHandle(id); err != nil {
		return err
	}
	ejer, err := fjernEjer(id, k.Ejer)
	if err != nil {
		return err
	}
	n, err := a.t.Forny(r.Context(), ejer, k.Leverancer, k.Leje.Varighed())
	if err != nil {
		return err
	}
	return svar(w, http.StatusOK, wire.Fornysvar{Fornyet: n})
}

func (a *api) afslut(w http.ResponseWriter, r *http.Request, id auth.Identitet) error {
	leverance, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return mox.E("afslut", mox.KodeIkkeFundet, "leverancen findes ikke")
	}
	var k afslutkald
	if err := laes(w, r, maksKald, &k); err != nil {
		return err
	}
	if err := k.valider(); err != nil {
		return err
	}
	if err := a.maaAfslutte(r.Context(), id, leverance, k.Agent); err != nil {
		return err
	}
	if k.Ejer, err = fjernEjer(id, k.Ejer); err != nil {
		return err
	}
	ud, err := a.t.Done(r.Context(), k.afslutning(leverance))
	if err != nil {
		return err
	}
	return svar(w, http.StatusOK, klient.Afsluttet(ud))
}

func (a *api) besked(w http.ResponseWriter, r *http.Request, id auth.Identitet) error {
	beskedID := r.PathValue("id")
	kendte, err := a.t.beskeder(r.Context(), mox.BeskedID(beskedID))
	if err != nil {
		return err
	}
	if id.Rolle.Menneske() {
		a.t.log().Info("besked læst", "hvem", id.Navn, "beskedID", mox.Maskeret(beskedID)) // spec: mox 52
	}
	var ud wire.Beskedsvar
	for _, k := range kendte {
		k, ok, err := a.maaSe(r.Context(), id, k)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		s, err := fraKendt(k.Kendt)
		if err != nil {
			return err
		}
		ud.Beskeder = append(ud.Beskeder, s)
	}
	if len(ud.Beskeder) == 0 {
		return ukendtBesked() // the same as for one that does not exist: a stranger learns nothing
	}
	return svar(w, http.StatusOK, ud)
}
