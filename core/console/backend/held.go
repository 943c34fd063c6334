package backend

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/sorting"
	"github.com/jms-sync/jms-sync/core/state"
)

// Held implements console.Backend.
func (b *Backend) Held(ctx context.Context) (console.Held, error) {
	s, err := b.openStore(ctx)
	if err != nil {
		return console.Held{}, err
	}
	defer s.Close()
	sets, err := s.Store().HeldStore().List(ctx, s.Now())
	if err != nil && len(sets) == 0 {
		return console.Held{}, storeFailure(err)
	}
	out := console.Held{Sets: []console.HeldSet{}, Problems: []console.Text{}}
	if err != nil {
		out.Problems = append(out.Problems, problemText(language.New("有的暂缓的移除读不了", "some held removals cannot be read"), err))
	}
	for _, set := range sets {
		out.Sets = append(out.Sets, setOf(set, s.Now()))
	}
	return out, nil
}

func setOf(set state.HeldSet, now time.Time) console.HeldSet {
	out := console.HeldSet{
		Hash: set.Hash, Assets: len(set.Removals), FirstHeld: set.FirstHeld, LastHeld: set.LastHeld, Groups: []console.HeldGroup{},
		ApprovableUntil: set.LastHeld.Add(state.ApprovableFor), Expired: now.Sub(set.LastHeld) >= state.ApprovableFor,
		Moves: len(set.Removals) > 0 && plan.Action(set.Removals[0].Action).IsMove(),
	}
	if !set.ApprovedUntil.IsZero() {
		out.ApprovedUntil = &set.ApprovedUntil
	}
	known := map[[3]string]int{}
	for _, r := range set.Removals {
		key := [3]string{r.Account, r.Region, r.Reason}
		at, is := known[key]
		if !is {
			at = len(out.Groups)
			known[key] = at
			out.Groups = append(out.Groups, console.HeldGroup{Cloud: string(r.Cloud), Account: r.Account, Region: r.Region, Reason: r.Reason, Names: []string{}})
		}
		g := &out.Groups[at]
		g.Assets++
		if len(g.Names) < 5 {
			g.Names = append(g.Names, r.Name)
		}
	}
	return out
}

// HeldSet implements console.Backend.
func (b *Backend) HeldSet(ctx context.Context, hash string) (console.HeldDetail, error) {
	s, err := b.openStore(ctx)
	if err != nil {
		return console.HeldDetail{}, err
	}
	defer s.Close()
	set, err := findSet(ctx, s, hash)
	if err != nil {
		return console.HeldDetail{}, err
	}
	out := console.HeldDetail{HeldSet: setOf(set, s.Now()), Removals: []console.HeldRemoval{}}
	for _, r := range set.Removals {
		out.Removals = append(out.Removals, console.HeldRemoval{
			Asset: r.Asset, Action: r.Action, ActionText: inBoth(plan.Action(r.Action).Text), Cloud: string(r.Cloud), Account: r.Account, Region: r.Region,
			Instance: r.Instance, Name: r.Name, Address: r.Address, Node: r.Node, Reason: r.Reason,
		})
	}
	sorting.By(out.Removals, func(x, y console.HeldRemoval) int {
		return cmp.Or(cmp.Compare(x.Account, y.Account), cmp.Compare(x.Region, y.Region), cmp.Compare(x.Name, y.Name), cmp.Compare(x.Asset, y.Asset))
	})
	return out, nil
}

// findSet returns the held set of a hash.
func findSet(ctx context.Context, s opened, hash string) (state.HeldSet, error) {
	set, err := s.Store().HeldStore().Find(ctx, hash, s.Now())
	switch {
	case errors.Is(err, state.ErrHashTooShort):
		return set, console.NewFailure(http.StatusBadRequest, console.CodeBadRequest, language.New("这不是哈希，或不足 8 个字符", "this is no hash, or has fewer than 8 characters"), nil)
	case errors.Is(err, state.ErrAmbiguousHash):
		return set, console.NewFailure(http.StatusBadRequest, console.CodeBadRequest, language.New("不止一组以它开头", "more than one set begins with it"), nil)
	case errors.Is(err, state.ErrSetNotFound):
		return set, console.NewFailure(http.StatusNotFound, console.CodeNotFound, language.New("没有这一组：可能已移除、被拒绝、或一周内没有再被暂缓",
			"there is no such set: it may be removed, rejected, or not held for a week"), nil)
	case err != nil:
		return set, storeFailure(err)
	}
	return set, nil
}

// orderedSet returns the set that an order is about, and refuses what the person did not see.
func orderedSet(ctx context.Context, s opened, hash string, o console.HeldOrder) (state.HeldSet, error) {
	set, err := findSet(ctx, s, hash)
	switch {
	case err != nil:
		return set, err
	case o.Assets != len(set.Removals):
		return set, console.NewFailure(http.StatusConflict, console.CodeChanged, language.Newf("这一组有 %d 个资产，不是 %d 个，请再看一遍",
			"the set has %d assets and not %d, look at it again", len(set.Removals), o.Assets), nil)
	}
	return set, nil
}

// Approve implements console.Backend.
func (b *Backend) Approve(ctx context.Context, _ console.Person, hash string, o console.HeldOrder) (console.HeldResult, error) {
	s, err := b.openStore(ctx)
	if err != nil {
		return console.HeldResult{}, err
	}
	defer s.Close()
	set, err := orderedSet(ctx, s, hash, o)
	if err != nil {
		return console.HeldResult{}, err
	}
	if s.Now().Sub(set.LastHeld) >= state.ApprovableFor {
		return console.HeldResult{}, console.NewFailure(http.StatusGone, console.CodeExpired, language.New("这一组已过期：48 小时没有再被暂缓。请等下一次同步，再批准它的那一组",
			"the set has expired, as no run held it for 48 hours: wait for the next run, and approve the set of that"), nil)
	}
	if s.Now().Before(set.ApprovedUntil) {
		return console.HeldResult{}, console.NewFailure(http.StatusConflict, console.CodeChanged, language.New("这一组已经批准，等下一次完整同步执行", "the set is approved already, and the next full run makes it"), nil)
	}
	until, err := s.Store().HeldStore().Approve(ctx, set, s.Now())
	if err != nil {
		return console.HeldResult{}, storeFailure(err)
	}
	return console.HeldResult{Hash: set.Hash, Assets: len(set.Removals), ApprovedUntil: &until}, nil
}

// Reject implements console.Backend.
func (b *Backend) Reject(ctx context.Context, _ console.Person, hash string, o console.HeldOrder) (console.HeldResult, error) {
	s, err := b.openStore(ctx)
	if err != nil {
		return console.HeldResult{}, err
	}
	defer s.Close()
	set, err := orderedSet(ctx, s, hash, o)
	if err != nil {
		return console.HeldResult{}, err
	}
	if err := s.Store().HeldStore().Reject(ctx, set); err != nil {
		return console.HeldResult{}, storeFailure(err)
	}
	return console.HeldResult{Hash: set.Hash, Assets: len(set.Removals)}, nil
}
