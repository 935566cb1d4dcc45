package kopi

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/store"
)

// The calls. Both are for an administrator, and answer for as long as the work takes.
const (
	KopiSti       = "/api/v1/kopi"       // POST [Kopikald]: the copy itself
	EfterproevSti = "/api/v1/efterproev" // POST [Efterproevkald]: lines of [Melding], the last with the result
)

// Kopikald asks for a copy.
type Kopikald struct {
	Hemmeligheder bool `json:"hemmeligheder"` // with the key and the configuration, so that it can be put back
}

// Efterproevkald asks for a check.
type Efterproevkald struct {
	Anker *Anker `json:"anker,omitempty"`
}

// Melding is one line of a long answer: how far it has come, what came of it, or why nothing did.
type Melding struct {
	Fremdrift *Fremdrift `json:"fremdrift,omitempty"`
	Resultat  *Resultat  `json:"resultat,omitempty"`
	Fejl      *Fejl      `json:"fejl,omitempty"`
}

// Fejl is an error on its way to another process.
type Fejl struct {
	Kode  mox.Kode `json:"kode"`
	Tekst string   `json:"tekst"`
	Raad  string   `json:"raad,omitempty"`
}

// maksKald is how many bytes a call may have, and stilstand how long a reader may take nothing before it is given up: the
// copy is one snapshot of the database, and that is not held for ever.
const (
	maksKald  = 64 << 10
	stilstand = 2 * time.Minute
)

// Handler answers [KopiSti] and [EfterproevSti].
func (k Kilde) Handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST "+KopiSti, k.kunAdministrator(k.svarKopi))
	m.HandleFunc("POST "+EfterproevSti, k.kunAdministrator(k.svarEfterproev))
	return m
}

func (k Kilde) kunAdministrator(f func(http.ResponseWriter, *http.Request, auth.Identitet) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		i, ok := auth.Fra(r.Context())
		err := error(mox.E("kopi", mox.KodeIkkeTilladt, "%s må ikke tage eller efterprøve en kopi", i.Navn).Med("det kræver rollen administrator"))
		if ok && i.Rolle == auth.Administrator {
			err = f(w, r, i)
		}
		if err != nil {
			problem.Skriv(w, r, err)
		}
	}
}

func laesKald(r *http.Request, v any) error {
	d := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maksKald))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return mox.E("kopi", mox.KodeUgyldig, "kaldet kan ikke læses: %v", err).Med("send JSON, som mox backup gør")
	}
	return nil
}

// svarKopi streams a copy. One that cannot be finished is cut off, which its reader sees.
func (k Kilde) svarKopi(w http.ResponseWriter, r *http.Request, i auth.Identitet) error {
	var kald Kopikald
	if err := laesKald(r, &kald); err != nil {
		return err
	}
	hvad := map[bool]string{true: "backup", false: "eksport alt"}[kald.Hemmeligheder]
	err := k.Store.Update(r.Context(), func(tx *store.Tx) error {
		return tx.InsertHandling(store.Handling{Hvem: i.Navn, Hvad: hvad, Maal: "alt", Antal: 1})
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Cache-Control", "no-store")
	ud := &stroem{w: w, frist: http.NewResponseController(w)}
	m, err := k.Skriv(r.Context(), ud, kald.Hemmeligheder, nil)
	if err != nil && ud.n == 0 {
		return err
	}
	if err != nil {
		k.Log.Error(hvad, "hvem", i.Navn, "fejl", err, "bytes", ud.n)
		panic(http.ErrAbortHandler)
	}
	k.Log.Info(hvad, "hvem", i.Navn, "logposition", m.Logposition, "bytes", ud.n)
	return nil
}

// stroem is an answer whose reader must take something now and then.
type stroem struct {
	w     io.Writer
	frist *http.ResponseController
	sat   time.Time
	n     int64
}

func (s *stroem) Write(p []byte) (int, error) {
	if nu := time.Now(); nu.Sub(s.sat) > time.Second {
		s.sat = nu
		_ = s.frist.SetWriteDeadline(nu.Add(stilstand)) // a connection without deadlines is only slower to give up
	}
	n, err := s.w.Write(p)
	s.n += int64(n)
	return n, err
}

func (k Kilde) svarEfterproev(w http.ResponseWriter, r *http.Request, _ auth.Identitet) error {
	var kald Efterproevkald
	if err := laesKald(r, &kald); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	c := http.NewResponseController(w)
	sig := func(m Melding) {
		_ = json.NewEncoder(w).Encode(m) // the context ends when the caller has gone
		_ = c.Flush()
	}
	res, err := k.Efterproev(r.Context(), kald.Anker, func(f Fremdrift) { sig(Melding{Fremdrift: &f}) })
	if err != nil {
		if mox.KodeAf(err) == mox.KodeIntern && r.Context().Err() == nil {
			k.Log.Error("efterprøvning", "fejl", err)
		}
		sig(Melding{Fejl: fejl(err)})
		return nil
	}
	sig(Melding{Resultat: &res})
	return nil
}

// fejl is err for another process: what is internal is told in the log only.
func fejl(err error) *Fejl {
	kode := mox.KodeAf(err)
	if kode == mox.KodeIntern {
		return &Fejl{kode, "fejl i MOX", "se serverens log"}
	}
	f := &Fejl{Kode: kode, Tekst: mox.Forklaring(err)}
	if e := (*mox.Error)(nil); errors.As(err, &e) {
		f.Raad = e.Raad
	}
	return f
}

// Err is the error that f came of.
func (f *Fejl) Err() error {
	return &mox.Error{Kode: f.Kode, Op: "server", Tekst: f.Tekst, Raad: f.Raad}
}
