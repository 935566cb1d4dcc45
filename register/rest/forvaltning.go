package rest

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/store"
)

// ForvaltningSti begins the calls that an administrator looks after persons' data by. All are POST, so that no address names
// a person:
//
//	brug     [Brugskald]     who has read and written what
//	beskyt   [Personkald]    a person has name-and-address protection
//	ophaev   [Personkald]    and no longer
//	indsigt  [Indsigtskald]  a zip file with what there is about a person, and who has read it
//	glemte   [Glemtekald]    objekter that have been erased for good, and how it stands at those who have had them
//	bekraeft-sletning  [Bekraeftkald]  a person's word that a receiver has erased one
const ForvaltningSti = "/api/v1/register/"

// maksForvaltning is how many bytes such a call may have.
const maksForvaltning = 64 << 10

// Brugskald asks the usage log. All that is given must hold.
type Brugskald struct {
	Person  string       `json:"person,omitempty"` // CPR number or UUID
	Objekt  mox.ObjektID `json:"objekt,omitempty"`
	Hvem    string       `json:"hvem,omitempty"` // name of a key or a person
	Fra     time.Time    `json:"fra,omitzero"`   // half-open
	Til     time.Time    `json:"til,omitzero"`
	Foer    int64        `json:"foer,omitempty"`  // rows before this one: the last id of the page before
	Antal   int          `json:"antal,omitempty"` // 0 = 100
	Formaal string       `json:"formaal,omitempty"`
}

// Brugssvar is the rows, the newest first.
type Brugssvar struct {
	Brug []store.Brug `json:"brug"`
}

// Personkald is about a person's protection.
type Personkald struct {
	Person      string `json:"person"`
	Begrundelse string `json:"begrundelse"`
}

// Personsvar tells whether it was not so already.
type Personsvar struct {
	Aendret bool `json:"aendret"`
}

// Indsigtskald asks for what there is about a person, by all that it is known by.
type Indsigtskald struct {
	Personer []string `json:"personer"`
	Formaal  string   `json:"formaal"`
}

const standardBrug = 100

// Forvaltning answers the calls below [ForvaltningSti].
func Forvaltning(r *register.Register, log *slog.Logger) http.Handler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	f := &forvaltning{r: r, log: log}
	m := http.NewServeMux()
	m.HandleFunc("POST "+ForvaltningSti+"brug", f.kunAdministrator(f.brug))
	m.HandleFunc("POST "+ForvaltningSti+"beskyt", f.kunAdministrator(f.beskyt))
	m.HandleFunc("POST "+ForvaltningSti+"ophaev", f.kunAdministrator(f.ophaev))
	m.HandleFunc("POST "+ForvaltningSti+"indsigt", f.kunAdministrator(f.indsigt))
	m.HandleFunc("POST "+ForvaltningSti+"glemte", f.kunAdministrator(f.glemte))
	m.HandleFunc("POST "+ForvaltningSti+"bekraeft-sletning", f.kunAdministrator(f.bekraeft))
	return m
}

type forvaltning struct {
	r   *register.Register
	log *slog.Logger
}

func (f *forvaltning) kunAdministrator(g func(http.ResponseWriter, *http.Request, auth.Identitet) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		i, ok := auth.Fra(r.Context())
		err := error(mox.E("adgang", mox.KodeIkkeTilladt, "nøglen %s giver ikke adgang hertil", i.Navn).Med("brug en nøgle med rollen administrator"))
		if ok && i.Rolle == auth.Administrator {
			err = g(w, r, i)
		}
		if err == nil {
			return
		}
		if problem.Af(err).Status >= 500 && r.Context().Err() == nil {
			f.log.Error("et kald til registerets forvaltning kunne ikke besvares", "adresse", r.Pattern, "fejl", mox.Maskeret(err.Error()))
		}
		problem.Skriv(w, r, err)
	}
}

func laesKald(r *http.Request, v any) error {
	d := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maksForvaltning))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	var stor *http.MaxBytesError
	switch {
	case errors.As(err, &stor):
		return mox.E("kald", mox.KodeForStor, "kaldet er på over %d bytes", stor.Limit)
	case err != nil:
		return mox.E("kald", mox.KodeUgyldig, "kaldet kan ikke læses: %s", mox.Maskeret(err.Error())).Med("send JSON, som mox register gør")
	}
	return nil
}

func svarJSON(w http.ResponseWriter, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(append(b, '\n')) // a caller that has gone is told nothing
	return nil
}

func (f *forvaltning) brug(w http.ResponseWriter, r *http.Request, i auth.Identitet) error {
	k := Brugskald{Antal: standardBrug}
	if err := laesKald(r, &k); err != nil {
		return err
	}
	l, err := f.r.SoegBrug(r.Context(), f.r.Hvem(i, k.Formaal), k.Person,
		store.Brugsoegning{ObjektID: mox.ObjektID(strings.ToLower(string(k.Objekt))), Hvem: k.Hvem, Fra: k.Fra, Til: k.Til, Foer: k.Foer, Antal: k.Antal})
	if err != nil {
		return err
	}
	return svarJSON(w, Brugssvar{Brug: append([]store.Brug{}, l...)})
}

func (f *forvaltning) beskyt(w http.ResponseWriter, r *http.Request, i auth.Identitet) error {
	var k Personkald
	if err := laesKald(r, &k); err != nil {
		return err
	}
	ny, err := f.r.Beskyt(r.Context(), f.r.Hvem(i, ""), k.Person, k.Begrundelse)
	if err != nil {
		return err
	}
	return svarJSON(w, Personsvar{ny})
}

func (f *forvaltning) ophaev(w http.ResponseWriter, r *http.Request, i auth.Identitet) error {
	var k Personkald
	if err := laesKald(r, &k); err != nil {
		return err
	}
	var_, err := f.r.OphaevBeskyttelse(r.Context(), f.r.Hvem(i, ""), k.Person, k.Begrundelse)
	if err != nil {
		return err
	}
	return svarJSON(w, Personsvar{var_})
}

// The parts of an indsigt.
const (
	ObjekterDel = "objekter.ndjson"
	BrugDel     = "brug.ndjson"
	laesmigDel  = "LAESMIG.txt"
)

const laesmig = `Indsigt i MOX' register

objekter.ndjson  en linje for hvert objekt, der nævner personen i en relation eller har gjort det: objekttypen, objektets UUID
                 og alle dets registreringer, også dem, hvor personen ikke er nævnt. Et dokuments filer er ikke med; de hentes
                 på den adresse, objektet har.
brug.ndjson      en linje for hver gang, nogen har læst eller skrevet det, der handler om personen: hvem, hvornår, hvad og hvorfor.

Der kan stå oplysninger om andre. Læs alt igennem, før noget af det gives videre.
Personer, der kun er nævnt i fri tekst, findes ikke ad denne vej.
`

// indsigt writes a zip file. What is refused is told before it begins; one that cannot be finished is cut off, which its
// reader sees.
func (f *forvaltning) indsigt(w http.ResponseWriter, r *http.Request, i auth.Identitet) error {
	var k Indsigtskald
	if err := laesKald(r, &k); err != nil {
		return err
	}
	u := &indsigtszip{w: w}
	err := f.r.Indsigt(r.Context(), f.r.Hvem(i, k.Formaal), k.Personer, u.objekt, u.brug)
	if err == nil {
		err = u.luk()
	}
	if err != nil && u.zip != nil {
		f.log.Error("en indsigt kunne ikke skrives til ende", "fejl", mox.Maskeret(err.Error()))
		panic(http.ErrAbortHandler)
	}
	return err
}

// indsigtszip is the zip file as it comes.
type indsigtszip struct {
	w   http.ResponseWriter
	zip *zip.Writer // nil = nothing has been written
	del string      // the part that is being written
	til io.Writer
}

func (u *indsigtszip) begynd(del string) (err error) {
	if u.zip == nil {
		h := u.w.Header()
		h.Set("Content-Type", "application/zip")
		h.Set("Content-Disposition", `attachment; filename="indsigt.zip"`)
		h.Set("Cache-Control", "no-store")
		u.zip = zip.NewWriter(u.w)
		if u.til, err = u.zip.Create(laesmigDel); err == nil {
			_, err = io.WriteString(u.til, laesmig)
		}
	}
	if err == nil && u.del != del {
		u.del = del
		u.til, err = u.zip.Create(del)
	}
	return err
}

func (u *indsigtszip) linje(del string, b []byte) error {
	if err := u.begynd(del); err != nil {
		return err
	}
	_, err := u.til.Write(append(b, '\n'))
	return err
}

func (u *indsigtszip) objekt(t mox.ObjektType, l register.Laest) error {
	b, err := registreringer(fmt.Appendf(nil, `{"id":"%s","objekttype":"%s",`, l.ObjektID, t), t, l)
	if err != nil {
		return err
	}
	return u.linje(ObjekterDel, b)
}

func (u *indsigtszip) brug(b store.Brug) error {
	linje, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return u.linje(BrugDel, linje)
}

// luk writes the parts there was nothing for, too.
func (u *indsigtszip) luk() error {
	if u.del == "" {
		if err := u.begynd(ObjekterDel); err != nil {
			return err
		}
	}
	if err := u.begynd(BrugDel); err != nil {
		return err
	}
	return u.zip.Close()
}
