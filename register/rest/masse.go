package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"mime"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/register"
)

// TypeLinjer is the media type of objekter on lines.
const TypeLinjer = "application/x-ndjson"

// Limits on many objekter at once.
const (
	MaksImport      = 500      // objekter in one call
	MaksImportBytes = 32 << 20 // bytes of one call; an objekt of the greatest size fits
	samtidige       = 16       // objekter of one call that are written at the same time
	skriveFrist     = time.Minute
	skrivebuffer    = 64 << 10
)

// vilHaveLinjer reports whether the caller asks for the objekter themselves, one on each line.
func (k *kald) vilHaveLinjer() bool {
	for a := range strings.SplitSeq(k.Header.Get("Accept"), ",") {
		if t, _, err := mime.ParseMediaType(a); err == nil && t == TypeLinjer {
			return true
		}
	}
	return false
}

// linjer answers with the objekter found. What goes wrong once the answer has begun can only be told by breaking it off: a
// caller sees that it is not whole.
func (a *api) linjer(k *kald, s soegning) error {
	l := &linjeskriver{k: k}
	if k.Method == http.MethodHead {
		return l.send()
	}
	err := a.hver(k, s, l.skriv)
	if err == nil {
		err = l.slut()
	}
	if err == nil || !l.begyndt {
		return err
	}
	if k.Context().Err() == nil {
		a.log.Error("en strøm af objekter blev afbrudt", "adresse", k.Pattern, "fejl", mox.Maskeret(err.Error()))
	}
	panic(http.ErrAbortHandler)
}

// hver gives f every objekt that is asked for.
func (a *api) hver(k *kald, s soegning, f func(register.Laest) error) error {
	if s.soeger || len(s.ObjektID) == 0 {
		return a.r.Stroem(k.Context(), k.hvem, k.t(), s.Soegning, f)
	}
	laest, err := a.r.List(k.Context(), k.hvem, k.t(), s.ObjektID, s.Tider)
	for i := 0; err == nil && i < len(laest); i++ {
		err = f(laest[i])
	}
	return err
}

// linjeskriver writes objekter on lines, a bufferful at a time.
type linjeskriver struct {
	k       *kald
	b       []byte
	begyndt bool
}

func (l *linjeskriver) skriv(o register.Laest) (err error) {
	l.b = fmt.Appendf(l.b, `{"id":"%s","objekttype":"%s",`, o.ObjektID, l.k.t())
	if l.b, err = registreringer(l.b, l.k.t(), o); err != nil {
		return err
	}
	l.b = append(l.b, '\n')
	if len(l.b) < skrivebuffer {
		return nil
	}
	return l.send()
}

func (l *linjeskriver) send() error {
	if !l.begyndt {
		l.begyndt = true
		h := l.k.w.Header()
		h.Set("Content-Type", TypeLinjer)
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
	}
	_ = http.NewResponseController(l.k.w).SetWriteDeadline(time.Now().Add(skriveFrist)) // a ResponseWriter that has none is not a network's
	_, err := l.k.w.Write(l.b)
	l.b = l.b[:0]
	return err
}

// slut sends what is left, and takes the time limit off the connection.
func (l *linjeskriver) slut() error {
	err := l.send()
	_ = http.NewResponseController(l.k.w).SetWriteDeadline(time.Time{}) // as above
	return err
}

// Importobjekt is one objekt to take over, as a line of [TypeLinjer] has it. Of several registreringer the newest is taken:
// when the others were registered is another register's history, and cannot be this one's.
type Importobjekt struct {
	ID             mox.ObjektID      `json:"id"`
	ObjektType     mox.ObjektType    `json:"objekttype,omitempty"` // must be that of the address
	ETag           string            `json:"etag,omitempty"`       // of the registrering that must be in force here, as If-Match
	Registreringer []json.RawMessage `json:"registreringer"`
}

// Importsvar is what became of the objekter of one call, in their order.
type Importsvar struct {
	Svar []Importudfald `json:"svar"`
}

// Uaendret is the Udfald of an objekt that was here already.
const Uaendret = "Uaendret"

// Importudfald is what became of one objekt: the livscykluskode that was registered, or [Uaendret], or Fejl.
type Importudfald struct {
	UUID   mox.ObjektID      `json:"uuid"`
	Udfald string            `json:"udfald,omitempty"`
	Fejl   *problem.Dokument `json:"fejl,omitempty"`
}

// importerMange takes over many objekter. Each is a transaction of its own: what is wrong with one stops none of the others.
func (a *api) importerMange(k *kald) error {
	m, err := a.kropTil(k, MaksImportBytes)
	if err != nil {
		return err
	}
	k.aftryk(m.json, m.filer)
	d := json.NewDecoder(bytes.NewReader(m.json))
	d.DisallowUnknownFields()
	var objekter []Importobjekt
	if err := d.Decode(&objekter); err != nil || d.More() {
		return mox.E("importer", mox.KodeUgyldig, "kaldet er ikke en liste af objekter i JSON").Med(`send [{"id": "…", "registreringer": [{…}]}, …]`)
	}
	if len(objekter) > MaksImport {
		return mox.E("importer", mox.KodeForStor, "kaldet har over %d objekter", MaksImport).Med("del det i flere kald")
	}
	return k.svar(http.StatusOK, Importsvar{Svar: a.importerAlle(k, objekter)})
}

// importerAlle writes several objekter at a time, but those with the same UUID one after the other as they stand.
func (a *api) importerAlle(k *kald, objekter []Importobjekt) []Importudfald {
	ud := make([]Importudfald, len(objekter))
	var baner [samtidige][]int
	for i := range objekter {
		h := fnv.New32a()
		_, _ = h.Write([]byte(strings.ToLower(string(objekter[i].ID)))) // documented never to fail
		bane := h.Sum32() % samtidige
		baner[bane] = append(baner[bane], i)
	}
	var alle sync.WaitGroup
	for _, bane := range baner {
		alle.Go(func() {
			for _, i := range bane {
				ud[i] = a.importerEt(k, &objekter[i])
			}
		})
	}
	alle.Wait()
	return ud
}

func (a *api) importerEt(k *kald, o *Importobjekt) Importudfald {
	ud := Importudfald{UUID: mox.ObjektID(strings.ToLower(string(o.ID)))}
	gjort, err := a.overtag(k, ud.UUID, o)
	switch {
	case err != nil:
		d := problem.Af(err)
		if d.Status >= http.StatusInternalServerError && k.Context().Err() == nil {
			a.log.Error("et objekt kunne ikke importeres", "objekt", mox.Maskeret(string(ud.UUID)), "fejl", mox.Maskeret(err.Error()))
		}
		ud.Fejl, ud.UUID = &d, mox.ObjektID(mox.Maskeret(string(ud.UUID)))
	case gjort.Uaendret:
		ud.Udfald = Uaendret
	default:
		ud.Udfald = string(gjort.Version.LivscyklusKode)
	}
	return ud
}

// overtag takes over one objekt. It runs beside the call's own goroutine, so a panic must not leave it: that would end the process.
func (a *api) overtag(k *kald, id mox.ObjektID, o *Importobjekt) (ud register.Registreret, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if o.ObjektType != "" && o.ObjektType != k.t() {
		return ud, &mox.Error{Kode: mox.KodeUgyldig, Op: "importer", Tekst: "objektet er ikke en " + string(k.t()), Raad: "importer det på sin egen types adresse",
			Felter: []mox.Feltfejl{{Sti: "objekttype", Regel: "kodeliste", Spec: "mox 4", Tekst: "er ikke " + string(k.t())}}}
	}
	ny, err := nyeste(k.t(), o.Registreringer)
	if err == nil {
		err = a.indsaet(k.Context(), &ny, nil)
	}
	if err != nil {
		return ud, err
	}
	return a.r.Overtag(k.Context(), k.hvem, k.t(), id, register.Betingelse(o.ETag), ny)
}

// nyeste is the newest of an objekt's registreringer; the first where no times are given.
func nyeste(t mox.ObjektType, registreringer []json.RawMessage) (ud mox.Registrering, err error) {
	if len(registreringer) == 0 {
		return ud, &mox.Error{Kode: mox.KodeUgyldig, Op: "importer", Tekst: "objektet har ingen registrering", Raad: "giv mindst én i registreringer",
			Felter: []mox.Feltfejl{{Sti: "registreringer", Regel: "kraevet", Spec: "oio 15", Tekst: "mangler"}}}
	}
	for i, raa := range registreringer {
		r, err := oio.UnmarshalIndre(t, raa)
		if err != nil {
			return ud, err
		}
		if i == 0 || r.FraTidspunkt.After(ud.FraTidspunkt) {
			ud = r
		}
	}
	return ud, nil
}
