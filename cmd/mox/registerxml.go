package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/register/rest"
)

// erXML looks at how a file begins: JSON does not begin with "<".
func erXML(r *bufio.Reader) bool {
	b, _ := r.Peek(512) // a short file is all there is
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	return bytes.HasPrefix(bytes.TrimSpace(b), []byte("<"))
}

func laesKoder(koder, roller string) (k oio.Koder, err error) {
	for _, f := range []struct {
		fil  string
		laes func([]byte) (oio.Koder, error)
	}{{koder, oio.LaesKoder}, {roller, func(b []byte) (oio.Koder, error) { return k.MedRoller(b) }}} {
		if f.fil == "" {
			continue
		}
		b, err := laesInput(nil, f.fil)
		if err != nil {
			return k, err
		}
		if k, err = f.laes(b); err != nil {
			return k, err
		}
	}
	return k, nil
}

// xml imports each RegistreringBesked of an XML text. What is wrong with one is told, and stops no other; what is no XML stops
// the reading, and what stands before it is imported.
func (i *importering) xml(ctx context.Context, r io.Reader, type_ mox.ObjektType, k oio.Koder) error {
	for s, err := range oio.DelRegistreringer(r) {
		if err != nil {
			i.tal.IAlt++
			i.fejl("filen", err)
			break
		}
		sted := fmt.Sprintf("linje %d", s.Linje)
		t, objekt, err := fraXML(s.Raa, type_, k)
		if err != nil {
			i.tal.IAlt++
			i.fejl(sted, err)
			continue
		}
		if err := i.tag(ctx, t, sted, objekt); err != nil {
			return err
		}
	}
	return i.sendAlle(ctx)
}

// fraXML is a registrering in XML as the server takes it.
func fraXML(raa []byte, type_ mox.ObjektType, k oio.Koder) (mox.ObjektType, json.RawMessage, error) {
	t, id, r, err := oio.UnmarshalRegistreringXML(raa, k)
	if err != nil {
		return "", nil, err
	}
	if type_ != "" && t != type_ {
		return "", nil, mox.E("import", mox.KodeUgyldig, "objektet er en %s, men --type er %s", t, type_)
	}
	indre, err := oio.MarshalIndre(t, r)
	if err != nil {
		return "", nil, err
	}
	b, err := json.Marshal(rest.Importobjekt{ID: id, ObjektType: t, Registreringer: []json.RawMessage{indre}})
	return t, b, err
}
