package klient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/service"
	"github.com/moxkit/mox/internal/wire"
)

// Modtag takes what the abonnement is given, one at a time: it lets goer do the work, keeps the lease while it does, and tells MOX
// what came of it. Call it in several goroutines to do several at a time; MOX never gives out two beskeder about the same objekt at
// once.
//
// It ends when ctx does, and then gives nil. Work that has begun is ended first: the context of goer has the values of ctx and does
// not end with it. It ends when MOX has given the work to another, because no sign of life came through in time; what goer then
// returns changes nothing. A process that cannot wait may be killed: MOX gives the work out again with the same [Arbejde].Noegle,
// so goer must know by it what it has done before.
//
// While MOX cannot be reached it tries again, with growing waits of half a minute at most. An outcome that cannot be told is tried
// again as long as the lease may last. A panic in goer is caught and told as an unknown outcome: MOX tries again, and asks a person
// when the plan is used up.
//
// It gives an error when MOX refuses to give out work and would do so again: a wrong key, an abonnement that is not there or is
// another's; and when it is given what this version of the package cannot read. What passes, and what came of each attempt, is in
// [Options].Log.
func (k *Klient) Modtag(ctx context.Context, abonnement mox.AbonnementID, goer func(context.Context, Arbejde) Udfald) error {
	log := k.log.With("abonnement", abonnement)
	for fejl := 0; ctx.Err() == nil; {
		arbejde, err := k.Hent(ctx, abonnement, k.ejer, 1, k.leje, wire.MaksVent)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil
		case afslag(err):
			return err
		case err != nil:
			fejl++
			log.Error("kan ikke hente arbejde", "fejl", err, "igen_om", service.Backoff(fejl))
			service.Wait(ctx, service.Backoff(fejl))
			continue
		}
		fejl = 0
		for _, w := range arbejde {
			k.arbejd(context.WithoutCancel(ctx), log, w, goer)
		}
	}
	return nil
}

// afslag reports whether MOX itself has said no and would say no again.
func afslag(err error) bool {
	var e *mox.Error
	return errors.As(err, &e) && e.Err == nil && !mox.Forbigaaende(e) && e.Kode != mox.KodeForMange
}

// arbejd makes one attempt and reports it.
func (k *Klient) arbejd(ctx context.Context, log *slog.Logger, w Arbejde, goer func(context.Context, Arbejde) Udfald) {
	log = log.With("besked", mox.Maskeret(string(w.Besked.ID)), "leverance", w.Leverance, "omgang", w.Omgang, "forsoeg", w.Forsoeg)
	start := time.Now()
	u := k.udfoer(ctx, log, w, goer)
	log = log.With("resultat", u.Resultat, "kode", u.Kode, "ms", time.Since(start).Milliseconds())
	switch ud, err := k.meld(ctx, log, w, u); {
	case err != nil:
		log.Error("leveringsforsøg kunne ikke meldes", "fejl", err)
	case u.Resultat == mox.ResAccepteret && !ud.ForSent:
		log.Info("leveringsforsøg", "tilstand", ud.Tilstand)
	default:
		log.Warn("leveringsforsøg", "tilstand", ud.Tilstand, "for_sent", ud.ForSent, "grund", mox.Maskeret(u.Tekst))
	}
}

// udfoer lets goer do the work, and keeps its lease meanwhile.
func (k *Klient) udfoer(ctx context.Context, log *slog.Logger, w Arbejde, goer func(context.Context, Arbejde) Udfald) (u Udfald) {
	ctx, slip := k.behold(ctx, log, w)
	defer slip()
	defer func() {
		if r := recover(); r != nil {
			log.Error("modtagerens program gik ned under arbejdet", "fejl", mox.Maskeret(fmt.Sprint(r)), "sted", string(debug.Stack()))
			u = Udfald{Udfald: mox.Udfald{Resultat: mox.ResUkendt, Ansvar: mox.AnsvarModtager, Kode: "panik", Tekst: "modtagerens program gik ned under arbejdet"}}
		}
	}()
	return goer(ctx, w)
}

// errMistet is why the context of a piece of work has ended.
var errMistet = errors.New("klient: lejemålet er udløbet, og MOX har givet arbejdet til en anden")

// behold renews the lease of w until slip is called. The context ends when MOX says that it is lost.
func (k *Klient) behold(ctx context.Context, log *slog.Logger, w Arbejde) (_ context.Context, slip func()) {
	ctx, afbryd := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		t := time.NewTicker(k.leje / 3)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
			n, err := k.fornyInden(ctx, w)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				log.Warn("lejemålet kunne ikke fornyes", "fejl", err)
			case n == 0:
				log.Warn("lejemålet er udløbet, og MOX har givet arbejdet til en anden")
				afbryd(errMistet)
				return
			}
		}
	})
	return ctx, func() {
		afbryd(nil)
		wg.Wait()
	}
}

// fornyInden renews once, and gives up in time to try again.
func (k *Klient) fornyInden(ctx context.Context, w Arbejde) (int, error) {
	ctx, slip := context.WithTimeout(ctx, k.leje/3)
	defer slip()
	return k.Forny(ctx, w.Ejer, []int64{w.Leverance}, k.leje)
}

// meld tells what came of w, and tries again while MOX cannot be reached, for as long as the lease may last. An outcome that MOX
// refuses is told as unknown, so that the attempt counts and a person sees it in the end.
func (k *Klient) meld(ctx context.Context, log *slog.Logger, w Arbejde, u Udfald) (ud Afsluttet, err error) {
	ctx, slip := context.WithTimeout(ctx, k.leje)
	defer slip()
	for n := 1; ; n++ {
		ud, err = k.Afslut(ctx, w, u)
		if err == nil || afslag(err) {
			break
		}
		log.Warn("leveringsforsøget kunne ikke meldes", "fejl", err, "igen_om", service.Backoff(n))
		if !service.Wait(ctx, service.Backoff(n)) {
			break
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = utilgaengelig("MOX svarede ikke, mens lejemålet varede", err)
	}
	if kode := mox.KodeAf(err); kode != mox.KodeUgyldig && kode != mox.KodeForStor {
		return ud, err
	}
	uvist := mox.Udfald{Resultat: mox.ResUkendt, Ansvar: mox.AnsvarModtager, Kode: "udfald_afvist", Tekst: "modtagerens program meldte et udfald, som MOX ikke kan læse"}
	if _, uvistfejl := k.Afslut(ctx, w, Udfald{Udfald: uvist}); uvistfejl != nil {
		return ud, errors.Join(err, uvistfejl)
	}
	return ud, err
}
