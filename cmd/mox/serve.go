package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox/app"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/draeb"
)

func (e *env) serve() *cobra.Command {
	var dir, listen, broker, niveau string
	var ja bool
	c := &cobra.Command{
		Use: "serve", Short: "Kør MOX: beskedfordeler, agenter og konsol",
		Long: "Kør MOX: beskedfordeler, agenter og konsol.\n\nOpsætningen står i DIR/mox.yaml; uden den starter MOX tom. MOX lytter kun på denne maskine;\n" +
			"andre maskiner får adgang gennem fjern.listen i mox.yaml, som kræver TLS og mindst én API-nøgle.\n" + exitTekst,
		Args: argumenter(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			return e.koer(c.Context(), dir, listen, broker, niveau, ja)
		},
	}
	c.Flags().StringVar(&dir, "dir", "mox-data", "datamappen")
	c.Flags().StringVar(&listen, "listen", "", "adressen på denne maskine (standard "+app.StandardListen+")")
	c.Flags().StringVar(&broker, "amqp", "", "adressen på en RabbitMQ, amqp://… eller amqps://… (ellers amqp.url i mox.yaml)")
	c.Flags().StringVar(&niveau, "log", "info", "hvad der logges: debug, info, warn eller error")
	c.Flags().BoolVar(&ja, "ja", false, "lad en agents første kørsel sende mere end 1000 beskeder")
	return c
}

func (e *env) koer(ctx context.Context, dir, listen, broker, niveau string, ja bool) error {
	cfg, err := app.LaesConfig(dir)
	if err != nil {
		return err
	}
	if listen != "" {
		cfg.Listen = listen
	}
	if broker != "" {
		cfg.AMQP.URL = broker
	}
	var l slog.Level
	if err := l.UnmarshalText([]byte(niveau)); err != nil {
		return brugsfejl{fmt.Errorf("--log %q: brug debug, info, warn eller error", niveau)}
	}
	punkt, err := draeb.Punkt()
	if err != nil {
		return brugsfejl{err}
	}
	a, err := app.Open(ctx, cfg, app.Options{Log: e.log(l), Version: version, Ja: ja, Punkt: punkt})
	if err != nil {
		return err
	}
	err = e.skriv(map[string]string{"adresse": a.Adresse(), "link": a.Link()}, func(w io.Writer) {
		fmt.Fprintf(w, "MOX kører på %s\nÅbn konsollen: %s\n", a.Adresse(), a.Link())
	})
	if err == nil {
		defer genindlaes(ctx, a, e.log(l))()
		err = a.Run(ctx)
	}
	return luk(a, err)
}

// genindlaes reads the agreements again on each SIGHUP, until what it returns is called.
func genindlaes(ctx context.Context, a *app.App, log *slog.Logger) (stop func()) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	go func() {
		for range hup {
			if err := a.IndlaesAftaler(ctx, distributor.Hvem{Navn: "SIGHUP"}); err != nil {
				log.Error("tilslutningsaftalerne er ikke indlæst; de forrige gælder", "fejl", err)
				continue
			}
			log.Info("tilslutningsaftalerne er indlæst")
		}
	}()
	return func() {
		signal.Stop(hup)
		close(hup)
	}
}

func luk(a *app.App, err error) error {
	if e := a.Close(); err == nil {
		err = e
	}
	return err
}
