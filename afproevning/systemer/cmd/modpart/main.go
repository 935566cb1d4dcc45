// Command modpart runs one of the small products of package modpart, right or with one fault, so that the snitfladetest can be
// tried on something.
//
//	modpart -rolle afsender -url http://127.0.0.1:9080/ -form struktureret -lyt 127.0.0.1:9081
//	modpart -rolle modtager -lyt 127.0.0.1:9082 -fejl dobbelt_virkning
//	modpart -rolle modtager -amqp amqp://guest:guest@127.0.0.1:5673/ -koe ud.proeve -lyt 127.0.0.1:9082
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/moxkit/mox/afproevning/systemer/modpart"
)

func main() {
	var c modpart.Config
	rolle := flag.String("rolle", "modtager", "afsender eller modtager")
	lyt := flag.String("lyt", "127.0.0.1:9081", "adressen for stimuli, effekt og, over HTTP, beskeder (/beskeder)")
	flag.StringVar(&c.Fejl, "fejl", "", "hvad produktet gør forkert; navnene står i prøverne under modpart")
	flag.StringVar(&c.System, "system", "Byggesag", "afsenderens navn")
	flag.StringVar(&c.AMQP, "amqp", "", "mægleren")
	flag.StringVar(&c.Exchange, "exchange", "", "hvor der sendes")
	flag.StringVar(&c.Koe, "koe", "", "hvor der modtages")
	flag.BoolVar(&c.Svar, "svar", false, "bed om en StandardRetur")
	flag.StringVar(&c.URL, "url", "", "hvor der sendes over HTTP")
	flag.StringVar(&c.Form, "form", "struktureret", "headers, binaer, struktureret, kuvert eller modtagbesked")
	flag.StringVar(&c.Noegle, "noegle", "", "nøglen, der vises eller kræves")
	flag.StringVar(&c.Hemmelighed, "hemmelighed", "", "whsec_…")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := koer(ctx, *rolle, *lyt, c); err != nil {
		fmt.Fprintln(os.Stderr, "modpart:", err)
		os.Exit(1)
	}
}

func koer(ctx context.Context, rolle, lyt string, c modpart.Config) error {
	var h http.Handler
	switch rolle {
	case "afsender":
		a := modpart.NyAfsender(c)
		defer a.Luk()
		h = a
	case "modtager":
		m, err := modpart.NyModtager(c)
		if err != nil {
			return err
		}
		defer m.Luk()
		h = m
	default:
		return fmt.Errorf("-rolle %q: brug afsender eller modtager", rolle)
	}
	s := &http.Server{Addr: lyt, Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = s.Close() // nothing it does is to be kept
	}()
	fmt.Println("modpart lytter på", lyt)
	if err := s.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}
