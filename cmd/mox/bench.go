package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox/bench"
)

func (e *env) bench() *cobra.Command {
	var o bench.Options
	c := &cobra.Command{
		Use: "bench [NAVN…]", Short: "Mål, hvad MOX koster ved siden af det rå arbejde",
		Long: "Mål, hvad MOX koster ved siden af det rå arbejde: de samme rækker, skrevet eller læst uden MOX' kode i en database magen til, i\n" +
			"samme kørsel. Det er forholdet, der tæller; hvor mange i sekundet afhænger af maskinen og af, hvad den ellers laver.\n\n" +
			"Der måles i databaser, som laves til det og fjernes igen. Intet af det, MOX har i forvejen, bliver rørt.\n\n" +
			"NAVN er et eller flere af:\n" +
			"  accept     besked på 1 kB fra en af 16 afsendere til en af 100 abonnementer; og levering af dem\n" +
			"  efterlever loggens beskeder til et abonnement, der er nyt\n" +
			"  match      hvem af 500 og af 10.000 abonnementer vil have beskeden; og med værdilister\n" +
			"  idle       fra en enlig besked er sendt, til den ventende modtager har den\n" +
			"  pull       hentning over HTTP\n" +
			"  push       levering over HTTP\n" +
			"  rabbitmq   ind og ud gennem en broker; kræver --amqp\n" +
			"  register   Opret, Ret, Læs, Søg, side 1, en historik på 1.000, og hvad en Ret fylder\n\n" +
			"Tallene: p50 og p99 er den tid, som hvert andet kald og 99 af 100 kald højst tager, i mikrosekunder. /s er kald i sekundet, rå /s\n" +
			"det samme uden MOX, og forhold er det ene delt med det andet: 1 er, at MOX intet koster.\n" +
			"Med --json skrives en linje JSON for hver måling: name, size, p50_us, p99_us, per_s, raw_per_s, ratio og conditions.\n" + exitTekst,
		Example: "  mox bench accept --database postgres://mox@localhost/postgres\n  mox bench register --objects 1000,1000000 --json",
	}
	f := c.Flags()
	f.StringVar(&o.Database, "database", "", "en PostgreSQL-server, postgres://…, hvor brugeren må oprette databaser (standard: SQLite)")
	f.StringVar(&o.Dir, "dir", "", "mappen, hvor SQLites filer ligger imens; disken afgør meget (standard: systemets mappe til midlertidige filer)")
	f.StringVar(&o.AMQP, "amqp", "", "en vhost på RabbitMQ, som MOX ikke bruger: amqp://bruger:kodeord@vært/vhost")
	f.IntSliceVar(&o.Objekter, "objects", []int{1000}, "objekter i registeret, 1000 til 10000000; flere adskilles af komma")
	f.DurationVar(&o.Varighed, "tid", 0, "hvor længe hver måling varer, MOX og det rå tilsammen (standard: 5s)")
	c.RunE = func(c *cobra.Command, navne []string) error { return e.maal(c.Context(), o, navne) }
	return c
}

// maal measures, and writes each result as it comes. What is going on is told beside them.
func (e *env) maal(ctx context.Context, o bench.Options, navne []string) error {
	o.Sig = func(s string) { fmt.Fprintln(e.err, "måler", s) }
	foerste := true
	return bench.Koer(ctx, o, navne, func(r bench.Resultat) error {
		if e.json {
			return json.NewEncoder(e.out).Encode(r)
		}
		visResultatet(e.out, r, foerste)
		foerste = false
		return nil
	})
}

const benchLinje = "%-34s %9s %12s %12s %11s %11s %8s\n"

func visResultatet(w io.Writer, r bench.Resultat, overskrift bool) {
	if overskrift {
		fmt.Fprintf(w, benchLinje, "MÅLING", "STØRRELSE", "P50 µs", "P99 µs", "/S", "RÅ /S", "FORHOLD")
	}
	tal := func(x float64, form string) string { return strings.ReplaceAll(fmt.Sprintf(form, x), ".", ",") }
	fmt.Fprintf(w, benchLinje, r.Name, fmt.Sprint(r.Size), tal(r.P50, "%.1f"), tal(r.P99, "%.1f"), tal(r.PerS, "%.0f"), tal(r.RawPerS, "%.0f"), tal(r.Ratio, "%.2f"))
}
