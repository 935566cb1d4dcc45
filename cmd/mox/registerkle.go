package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/register/kle"
	"github.com/moxkit/mox/register/rest"
)

func (s *server) registerImportKLE() *cobra.Command {
	var ja bool
	c := &cobra.Command{
		Use: "import-kle FIL", Short: "Importer KL's emneplan eller handlingsfacetter (KLE) som KL udgiver dem i XML", Args: argumenter(cobra.ExactArgs(1)),
		Long: "Importer KL's emneplan eller handlingsfacetter (KLE), som KL udgiver dem i XML: én Klassifikation, en Facet og en Klasse for hvert nummer, med den gyldighed, filen siger.\n" +
			"En nyere udgave retter det, der er ændret, fra den dag det blev ændret, og passiverer de numre, der ikke er med. Samme udgave igen ændrer intet.\n" + exitTekst,
	}
	c.Flags().BoolVar(&ja, "ja", false, "også når mange numre mangler i filen")
	c.RunE = func(c *cobra.Command, args []string) error {
		ind, _, err := s.env.aabn(args[0])
		if err != nil {
			return err
		}
		defer func() { _ = ind.Close() }() // only read
		plan, err := kle.Laes(bufio.NewReader(ind))
		if err != nil {
			return err
		}
		i, err := s.nyImport()
		if err != nil {
			return err
		}
		defer i.k.Luk()
		return i.kle(c.Context(), plan, ja)
	}
	return c
}

func (i *importering) kle(ctx context.Context, plan *kle.Plan, ja bool) error {
	i.vis("læser, hvad registeret har af KLE")
	kendt, err := i.kendt(ctx, plan)
	if err != nil {
		i.vis("")
		return err
	}
	o, err := plan.Overgang(kendt)
	if err == nil && !ja {
		err = o.Kontroller()
	}
	i.vis("")
	if err != nil {
		return err
	}
	err = i.skrivKLE(ctx, o.Objekter)
	i.tal.IAlt += o.Uaendrede
	i.tal.Uaendret += o.Uaendrede
	if !i.s.env.json {
		fmt.Fprintf(i.s.env.out, "%s: %s\n", plan.Navn(), niveautekst(plan))
	}
	return i.slut(err, "objekter")
}

// niveautekst says how many numbers there are on each level.
func niveautekst(plan *kle.Plan) string {
	navne := []string{"hovedgrupper", "grupper", "emner"}
	if plan.Facet != "emneplan" {
		navne = []string{"kategorier", "handlingsfacetter"}
	}
	var ud []string
	for nr, n := range plan.Niveauer() {
		ud = append(ud, fmt.Sprintf("%d %s", n, navne[nr]))
	}
	return strings.Join(ud, ", ")
}

// skrivKLE writes what an edition changes. The last, which says that the edition is here, is written only when all the
// others are: a run that was broken off is made again as if it were the first.
func (i *importering) skrivKLE(ctx context.Context, objekter []kle.Objekt) error {
	for nr, o := range objekter {
		if nr == len(objekter)-1 {
			if err := i.sendAlle(ctx); err != nil || i.tal.Fejl > 0 {
				return err
			}
		}
		b, err := oio.MarshalIndre(o.ObjektType, o.Registrering)
		if err != nil {
			return err
		}
		linje, err := json.Marshal(rest.Importobjekt{ID: o.ID, ObjektType: o.ObjektType, ETag: etag(o.Foer), Registreringer: []json.RawMessage{b}})
		if err != nil {
			return err
		}
		type_, _ := mox.TypeAf(o.ObjektType)
		bvn := o.Registrering.Attributter[type_.Egenskaber().Navn][0].Felter["brugervendtnoegle"]
		if err := i.tag(ctx, o.ObjektType, string(o.ObjektType)+" "+bvn, linje); err != nil {
			return err
		}
	}
	return i.sendAlle(ctx)
}

// etag names the registrering that a correction was worked out from, so that nobody else's is lost.
func etag(foer time.Time) string {
	if foer.IsZero() {
		return ""
	}
	return register.Version{Registrering: mox.Registrering{FraTidspunkt: foer}}.ETag()
}

// kendt reads what the register has of the plan.
func (i *importering) kendt(ctx context.Context, plan *kle.Plan) (kle.Kendt, error) {
	ud := kle.Kendt{}
	for _, x := range []struct {
		type_    mox.ObjektType
		navn, id string
	}{
		{mox.Klassifikation, "uuid", string(kle.KlassifikationID())},
		{mox.Facet, "uuid", string(kle.FacetID(plan.Facet))},
		{mox.Klasse, "facet", string(kle.FacetID(plan.Facet))},
	} {
		if err := i.laesKendte(ctx, x.type_, url.Values{x.navn: {x.id}}, ud); err != nil {
			return nil, err
		}
	}
	return ud, nil
}

func (i *importering) laesKendte(ctx context.Context, t mox.ObjektType, q url.Values, ud kle.Kendt) error {
	type_, _ := mox.TypeAf(t)
	for navn, v := range heleTiden() {
		q[navn] = v
	}
	r, err := i.k.Linjer(ctx, restSti(type_)+"?"+q.Encode())
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // what was read is what matters
	for d := json.NewDecoder(r); ; {
		var o rest.Importobjekt
		switch err := d.Decode(&o); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case len(o.Registreringer) == 0:
			continue
		}
		reg, err := oio.UnmarshalIndre(t, o.Registreringer[0])
		if err != nil {
			return err
		}
		if reg.LivscyklusKode != mox.Slettet {
			ud[o.ID] = reg
		}
	}
}
