package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/wire"
	"github.com/moxkit/mox/klient"
	"github.com/moxkit/mox/oio"
)

// The forms a besked is written in and read from.
const (
	formJSON       = "json"
	formXML        = "xml"
	formAMQP       = "amqp"
	formCloudEvent = "cloudevent"
)

func former() []string { return []string{formJSON, formXML, formAMQP, formCloudEvent} }

// maksInput is how many bytes are read from a file: as much as MOX takes in one call.
const maksInput = 8 << 20

// beskedvalg are the flags that both commands have.
type beskedvalg struct{ form, koder, afsender string }

func (v *beskedvalg) tjek() (oio.Koder, error) {
	if v.form != "" && !slices.Contains(former(), v.form) {
		return oio.Koder{}, brugsfejl{fmt.Errorf("%q er ikke en form; vælg %s", v.form, strings.Join(former(), ", "))}
	}
	if v.koder == "" {
		return oio.Koder{}, nil
	}
	b, err := laesInput(nil, v.koder)
	if err != nil {
		return oio.Koder{}, err
	}
	return oio.LaesKoder(b)
}

func (e *env) beskedVis(s *server) *cobra.Command {
	v := beskedvalg{}
	c := &cobra.Command{Use: "vis ID", Short: "Vis en besked, som den ser ud i en af formerne", Args: argumenter(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			koder, err := v.tjek()
			if err != nil {
				return err
			}
			b, err := s.findBesked(c.Context(), mox.BeskedID(args[0]), v.afsender)
			if err != nil {
				return err
			}
			tekst, err := iForm(b, v.form, koder)
			if err != nil {
				return err
			}
			return e.skriv(map[string]string{"form": v.form, "tekst": string(tekst)}, func(w io.Writer) {
				_, _ = w.Write(tekst)
				if v.form != formAMQP { // where the body stands last, byte for byte
					fmt.Fprintln(w)
				}
			})
		}}
	c.Flags().StringVar(&v.form, "som", formJSON, "json, xml (Haendelsesbesked), amqp (headers og krop) eller cloudevent")
	c.Flags().StringVar(&v.koder, "koder", "", "med --som xml: aftalens kodefil")
	c.Flags().StringVar(&v.afsender, "afsender", "", "afsenderen, når to har brugt det samme beskedID")
	return c
}

// findBesked fetches the one besked with the id.
func (s *server) findBesked(ctx context.Context, id mox.BeskedID, afsender string) (mox.Besked, error) {
	k, err := s.klient()
	if err != nil {
		return mox.Besked{}, err
	}
	defer k.Luk()
	kendte, err := k.Beskeder(ctx, id)
	if err != nil {
		return mox.Besked{}, err
	}
	if afsender != "" {
		kendte = slices.DeleteFunc(kendte, func(x klient.Kendt) bool { return x.Afsender != afsender })
	}
	switch {
	case len(kendte) == 0:
		return mox.Besked{}, mox.E("besked", mox.KodeIkkeFundet, "der er ingen besked med det beskedID fra %s", afsender)
	case len(kendte) > 1:
		var navne []string
		for _, x := range kendte {
			navne = append(navne, x.Afsender)
		}
		return mox.Besked{}, brugsfejl{fmt.Errorf("flere har brugt det beskedID: vælg en med --afsender: %s", strings.Join(navne, ", "))}
	case kendte[0].Slettet:
		return mox.Besked{}, mox.E("besked", mox.KodeIkkeFundet, "beskedens indhold er slettet").Med("mox besked forloeb viser, hvad der skete med den")
	}
	return kendte[0].Besked, nil
}

func iForm(b mox.Besked, form string, koder oio.Koder) ([]byte, error) {
	switch form {
	case formXML:
		ud, err := oio.MarshalKuvert(&b, koder)
		return bytes.TrimRight(ud, "\n"), err
	case formCloudEvent:
		return oio.MarshalCloudEvent(&b)
	case formAMQP:
		return somAMQP(&b)
	}
	return oio.MarshalBesked(&b)
}

// indholdslinje names the AMQP property beside the headers.
const indholdslinje = "content-type"

// somAMQP writes the headers one to a line, each value as JSON, and after an empty line the body as it is.
func somAMQP(b *mox.Besked) ([]byte, error) {
	h := oio.Headers(b)
	if b.Indholdstype != "" {
		h[indholdslinje] = b.Indholdstype
	}
	var ud bytes.Buffer
	for _, navn := range slices.Sorted(maps.Keys(h)) {
		v, err := uescapet(h[navn])
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&ud, "%s: %s\n", navn, v)
	}
	ud.WriteByte('\n')
	ud.Write(b.Indhold)
	return ud.Bytes(), nil
}

// uescapet is v as JSON on one line, with < and & as they are.
func uescapet(v any) (string, error) {
	var ud bytes.Buffer
	enc := json.NewEncoder(&ud)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return strings.TrimSpace(ud.String()), err
}

// fraAMQP reads what somAMQP writes.
func fraAMQP(raa []byte) (mox.Besked, error) {
	hoveder, krop, _ := bytes.Cut(raa, []byte("\n\n"))
	h := map[string]any{}
	for i, linje := range strings.Split(strings.TrimSpace(string(hoveder)), "\n") {
		navn, tekst, ok := cutSidst(linje)
		var v any
		if !ok || json.Unmarshal([]byte(tekst), &v) != nil {
			return mox.Besked{}, mox.E("besked", mox.KodeUgyldig, "linje %d er ikke en header", i+1).Med(`skriv navn: "værdi", én på hver linje, så en tom linje og kroppen`)
		}
		h[navn] = v
	}
	type_, _ := h[indholdslinje].(string)
	delete(h, indholdslinje)
	if len(krop) == 0 {
		krop = nil
	}
	return oio.FraHeaders(h, type_, krop)
}

// cutSidst divides a line where its JSON value begins: a role in a header's name may have a colon and a space itself.
func cutSidst(linje string) (navn, vaerdi string, ok bool) {
	for i := 0; i+2 < len(linje); i++ {
		if linje[i] == ':' && linje[i+1] == ' ' && json.Valid([]byte(linje[i+2:])) {
			return linje[:i], linje[i+2:], true
		}
	}
	return "", "", false
}

func (e *env) beskedSend(s *server) *cobra.Command {
	v := beskedvalg{}
	c := &cobra.Command{Use: "send FIL|-", Short: "Send den besked eller de beskeder, der står i en fil, i en hvilken som helst form", Args: argumenter(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			koder, err := v.tjek()
			if err != nil {
				return err
			}
			raa, err := laesInput(e.in, args[0])
			if err != nil {
				return err
			}
			beskeder, err := laesBeskeder(raa, v.form, koder)
			if err != nil {
				return err
			}
			return e.sendBeskeder(c.Context(), s, v.afsender, beskeder)
		}}
	c.Flags().StringVar(&v.form, "form", "", "json, xml, amqp eller cloudevent; udelades det, ses det på filen")
	c.Flags().StringVar(&v.koder, "koder", "", "til xml: aftalens kodefil")
	c.Flags().StringVar(&v.afsender, "afsender", "", "send i dette systems navn")
	return c
}

// laesInput reads a file, or in for "-".
func laesInput(in io.Reader, fil string) ([]byte, error) {
	if fil != "-" || in == nil {
		f, err := os.Open(fil)
		if err != nil {
			return nil, &mox.Error{Kode: mox.KodeUgyldig, Op: "fil", Tekst: "filen " + fil + " kan ikke læses", Raad: "angiv en fil, der findes, eller - for det, der kommer ind", Err: err}
		}
		defer func() { _ = f.Close() }() // only read
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maksInput+1))
	switch {
	case err != nil:
		return nil, &mox.Error{Kode: mox.KodeUgyldig, Op: "fil", Tekst: "filen " + fil + " kan ikke læses", Raad: "angiv en almindelig fil", Err: err}
	case len(b) > maksInput:
		return nil, mox.E("fil", mox.KodeForStor, "filen %s er på over %d MB", fil, maksInput>>20).Med("del den i flere")
	}
	return b, nil
}

// laesBeskeder reads one besked, or a JSON list of them.
func laesBeskeder(raa []byte, form string, koder oio.Koder) ([]mox.Besked, error) {
	if form == "" {
		form = gaetForm(raa)
	}
	dele := [][]byte{raa}
	if (form == formJSON || form == formCloudEvent) && bytes.HasPrefix(bytes.TrimSpace(raa), []byte("[")) {
		var err error
		if dele, err = oio.DelBatch(raa); err != nil {
			return nil, err
		}
	}
	var ud []mox.Besked
	for i, del := range dele {
		b, err := laesForm(del, form, koder)
		if err != nil && len(dele) > 1 {
			return nil, &mox.Error{Kode: mox.KodeAf(err), Op: "besked", Tekst: fmt.Sprintf("besked nr. %d i listen: %s", i, mox.Forklaring(err)), Raad: "ret den; ingen af dem er sendt", Err: err}
		}
		if err != nil {
			return nil, err
		}
		ud = append(ud, b)
	}
	return ud, nil
}

func laesForm(raa []byte, form string, koder oio.Koder) (mox.Besked, error) {
	switch form {
	case formXML:
		return oio.UnmarshalKuvert(raa, koder)
	case formCloudEvent:
		return oio.UnmarshalCloudEvent(raa)
	case formAMQP:
		return fraAMQP(raa)
	}
	return oio.UnmarshalBesked(raa)
}

// gaetForm sees from its beginning which form a file has. JSON with a specversion is a CloudEvent.
func gaetForm(raa []byte) string {
	raa = bytes.TrimSpace(bytes.TrimPrefix(raa, []byte("\ufeff")))
	switch {
	case bytes.HasPrefix(raa, []byte("<")):
		return formXML
	case !bytes.HasPrefix(raa, []byte("{")) && !bytes.HasPrefix(raa, []byte("[")):
		return formAMQP
	}
	type mark struct {
		Specversion any `json:"specversion"`
	}
	var en mark
	var liste []mark
	if json.Unmarshal(raa, &en) == nil && en.Specversion != nil || json.Unmarshal(raa, &liste) == nil && len(liste) > 0 && liste[0].Specversion != nil {
		return formCloudEvent
	}
	return formJSON
}

// sendsvar is what became of one besked.
type sendsvar struct {
	wire.Modtaget
	Fejl string `json:"fejl,omitempty"`
}

// sendBeskeder sends one besked, or all of a list, and tells what became of each. The error is that of the first that was
// refused.
func (e *env) sendBeskeder(ctx context.Context, s *server, afsender string, beskeder []mox.Besked) error {
	k, err := s.klient()
	if err != nil {
		return err
	}
	defer k.Luk()
	k = k.Som(afsender)
	sendt := make([]klient.Sendt, 1)
	if len(beskeder) == 1 {
		sendt[0].Modtaget, err = k.Send(ctx, beskeder[0])
	} else {
		sendt, err = k.SendAlle(ctx, beskeder)
	}
	if err != nil {
		return err
	}
	ud := []sendsvar{}
	var foerste error
	for i, x := range sendt {
		svar := sendsvar{Modtaget: wire.Modtaget(x.Modtaget)}
		if x.Fejl != nil {
			svar.BeskedID, svar.Fejl = beskeder[i].ID, mox.Forklaring(x.Fejl)
			if foerste == nil {
				foerste = x.Fejl
			}
		}
		ud = append(ud, svar)
	}
	if err := e.skriv(ud, func(w io.Writer) { visSendt(w, ud) }); err != nil {
		return err
	}
	return foerste
}

func visSendt(w io.Writer, l []sendsvar) {
	for _, x := range l {
		switch {
		case x.Fejl != "":
			fmt.Fprintf(w, "%s  afvist: %s\n", mox.Maskeret(string(x.BeskedID)), mox.Maskeret(x.Fejl))
		case x.Gentaget:
			fmt.Fprintf(w, "%s  kendt i forvejen; intet nyt er sket\n", x.BeskedID)
		default:
			fmt.Fprintf(w, "%s  modtaget, sendt til %d\n", x.BeskedID, x.SendtTil)
		}
	}
}
