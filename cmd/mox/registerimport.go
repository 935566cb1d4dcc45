package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/klient"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/register/rest"
)

// How much is sent in one call: what a slow server does in well under a minute.
const (
	importAntal = rest.MaksImport / 2
	importBytes = 8 << 20
	maksLinje   = oio.MaksIndreBytes + 64<<10 // bytes of one line
	maksMeldte  = 1000                        // lines with faults that are told in the result; all are counted
)

// importtal is what became of an import.
type importtal struct {
	IAlt       int          `json:"i_alt"`
	Importeret int          `json:"importeret"`
	Rettet     int          `json:"rettet"`
	Passiveret int          `json:"passiveret"`
	Uaendret   int          `json:"uaendret"`
	Fejl       int          `json:"fejl"`
	Fejlet     []importfejl `json:"fejlet,omitempty"` // the first of them
}

// importfejl is one objekt that could not be taken over.
type importfejl struct {
	Sted  string         `json:"sted"` // "linje 12"
	Kode  mox.Kode       `json:"kode"`
	Tekst string         `json:"tekst"`
	Felt  []mox.Feltfejl `json:"felter,omitempty"`
}

// importering sends objekter to the server, some hundred at a time, and keeps the account.
type importering struct {
	s    *server
	k    *klient.Klient
	tal  importtal
	vis  func(string)
	vist time.Time
	sats map[mox.ObjektType]*sats
}

// sats is what is to be sent of one type.
type sats struct {
	objekter []json.RawMessage
	steder   []string
	bytes    int
}

func (s *server) nyImport() (*importering, error) {
	k, err := s.klient()
	if err != nil {
		return nil, err
	}
	return &importering{s: s, k: k, vis: s.env.fremdrift(), sats: map[mox.ObjektType]*sats{}}, nil
}

// linjer imports objekter on lines. What is wrong with a line is told, and stops no other.
func (i *importering) linjer(ctx context.Context, r io.Reader, type_ mox.ObjektType) error {
	b := bufio.NewScanner(r)
	b.Buffer(make([]byte, 64<<10), maksLinje)
	nr := 0
	for b.Scan() {
		nr++
		linje := bytes.TrimSpace(b.Bytes())
		if len(linje) == 0 {
			continue
		}
		sted := fmt.Sprintf("linje %d", nr)
		t, err := linjetype(linje, type_)
		if err != nil {
			i.tal.IAlt++
			i.fejl(sted, err)
			continue
		}
		if err := i.tag(ctx, t, sted, bytes.Clone(linje)); err != nil {
			return err
		}
	}
	if errors.Is(b.Err(), bufio.ErrTooLong) {
		i.tal.IAlt++
		i.fejl(fmt.Sprintf("linje %d", nr+1), mox.E("import", mox.KodeForStor, "linjen er på mere end %d MB; filen er ikke læst længere", maksLinje>>20))
	} else if b.Err() != nil {
		return b.Err()
	}
	return i.sendAlle(ctx)
}

// linjetype is the objekttype of a line that is JSON.
func linjetype(linje []byte, ellers mox.ObjektType) (mox.ObjektType, error) {
	d := json.NewDecoder(bytes.NewReader(linje))
	d.DisallowUnknownFields()
	var o rest.Importobjekt
	if err := d.Decode(&o); err != nil || d.More() || !json.Valid(linje) {
		return "", mox.E("import", mox.KodeUgyldig, "linjen er ikke et objekt, som mox register eksport skriver det")
	}
	t := o.ObjektType
	if t == "" {
		t = ellers
	}
	if _, ok := mox.TypeAf(t); !ok {
		if t == "" {
			return "", mox.E("import", mox.KodeUgyldig, "linjen har ingen objekttype; giv den med --type")
		}
		return "", mox.E("import", mox.KodeUgyldig, "objekttypen %q kendes ikke", mox.Maskeret(string(t)))
	}
	if ellers != "" && t != ellers {
		return "", mox.E("import", mox.KodeUgyldig, "linjen er en %s, men --type er %s", t, ellers)
	}
	return t, nil
}

// tag takes an objekt to be sent, and sends when there are enough.
func (i *importering) tag(ctx context.Context, t mox.ObjektType, sted string, objekt json.RawMessage) error {
	s := i.sats[t]
	if s == nil {
		s = &sats{}
		i.sats[t] = s
	}
	if len(s.objekter) > 0 && s.bytes+len(objekt) > importBytes {
		if err := i.send(ctx, t, s); err != nil {
			return err
		}
	}
	s.objekter, s.steder, s.bytes = append(s.objekter, objekt), append(s.steder, sted), s.bytes+len(objekt)
	if len(s.objekter) < importAntal {
		return nil
	}
	return i.send(ctx, t, s)
}

// sendAlle sends what is left, in the standard's order of types.
func (i *importering) sendAlle(ctx context.Context) error {
	for _, t := range mox.ObjektTyper() {
		if s := i.sats[t]; s != nil && len(s.objekter) > 0 {
			if err := i.send(ctx, t, s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (i *importering) send(ctx context.Context, t mox.ObjektType, s *sats) error {
	type_, _ := mox.TypeAf(t)
	var svar rest.Importsvar
	if err := i.k.Kald(ctx, http.MethodPost, restSti(type_)+"/importer", s.objekter, &svar); err != nil {
		return err
	}
	if len(svar.Svar) != len(s.objekter) {
		return mox.E("import", mox.KodeUtilgaengelig, "svaret er ikke på de objekter, der blev sendt").Med("er det en MOX, der svarer?")
	}
	for nr, u := range svar.Svar {
		i.tael(s.steder[nr], u)
	}
	*s = sats{}
	if nu := time.Now(); nu.Sub(i.vist) > visHvert {
		i.vist = nu
		i.vis(fmt.Sprintf("%d objekter, %d med fejl", i.tal.IAlt, i.tal.Fejl))
	}
	return nil
}

func (i *importering) tael(sted string, u rest.Importudfald) {
	i.tal.IAlt++
	switch {
	case u.Fejl != nil:
		i.fejl(sted, &mox.Error{Kode: u.Fejl.Kode, Tekst: u.Fejl.Detail, Felter: u.Fejl.Felter})
	case u.Udfald == string(mox.Rettet):
		i.tal.Rettet++
	case u.Udfald == string(mox.Passiveret):
		i.tal.Passiveret++
	case u.Udfald == rest.Uaendret:
		i.tal.Uaendret++
	default:
		i.tal.Importeret++
	}
}

// fejl tells of an objekt that could not be taken over, at once.
func (i *importering) fejl(sted string, err error) {
	i.tal.Fejl++
	var e *mox.Error
	if !errors.As(err, &e) {
		e = &mox.Error{Kode: mox.KodeIntern, Tekst: mox.Maskeret(err.Error())}
	}
	if len(i.tal.Fejlet) < maksMeldte {
		i.tal.Fejlet = append(i.tal.Fejlet, importfejl{Sted: sted, Kode: e.Kode, Tekst: e.Tekst, Felt: e.Felter})
	}
	if i.s.env.json {
		return
	}
	i.vis("")
	fmt.Fprintf(i.s.env.err, "%s: %s\n", sted, e.Tekst)
	for _, f := range e.Felter {
		fmt.Fprintf(i.s.env.err, "  %s: %s\n", f.Sti, f.Tekst)
	}
}

// slut tells the result, whether the run came to its end or not; hvad is what was counted.
func (i *importering) slut(err error, hvad string) error {
	i.vis("")
	if e := i.s.env.skriv(i.tal, i.tekst); err == nil {
		err = e
	}
	if err == nil && i.tal.Fejl > 0 {
		err = mox.E("import", mox.KodeUgyldig, "%d af %d %s kunne ikke importeres", i.tal.Fejl, i.tal.IAlt, hvad).Med("ret dem, og kør igen; det, der er importeret, ændres ikke")
	}
	return err
}

func (i *importering) tekst(w io.Writer) {
	fmt.Fprintf(w, "%d nye · %d rettet · %d passiveret · %d uændret · %d med fejl\n", i.tal.Importeret, i.tal.Rettet, i.tal.Passiveret, i.tal.Uaendret, i.tal.Fejl)
}
