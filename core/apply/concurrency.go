package apply

import (
	"math"
	"time"
)

const (
	startWriters       = 4
	firstWindowAnswers = 6  // of the first window
	baselineAnswers    = 16 // of a window at the baseline, at least; two of each writer
	probeAnswers       = 8  // of a window at a neighbouring level
	firstRestHosts     = 96 // hosts until a neighbour that lost is tried again; doubled each time
	maxRestHosts       = 512
	loadShift          = 0.6 // change of the baseline's rate, as a logarithm, after which old comparisons do not count

	// minGain is the difference in hosts a second that counts, as a logarithm: a higher level must be that much
	// faster, and a lower one must not be that much slower.
	minGain = 0.1
	// answerVariance is the variance of one answer's time, over its mean squared: those of real servers are
	// spread by ±50 %.
	answerVariance = 0.29 * 0.29
	// decisiveEvidence is how much evidence moves the baseline, or lets a neighbour rest: odds of e^1.5, 4 to
	// 1.
	decisiveEvidence = 1.5
	maxEvidence      = 3

	// stalledAnswer is the length of an answer that says nothing of the server's work: there was a 429, or a
	// try got no answer in its time.
	stalledAnswer = 6 * time.Second
	// overloadedMean is the mean of a window's answers above which there are too many writers; above half of it
	// no more are tried. It only keeps answers away from the time-outs: a busy server takes two seconds an
	// answer, and still creates more hosts with more writers.
	overloadedMean = 4 * time.Second
)

// The neighbours of a level.
const (
	lowerNeighbour = iota
	higherNeighbour
)

// concurrencyController chooses how many writers work at once, by how many hosts a second they create: the lowest
// of the levels 1, 2, 4, 8 … whose rate is as good as any. Answers are uneven and the server's load drifts, so a
// level is only compared with the one before and after it: windows at the best level so far (the baseline) take
// turns with short ones at a neighbouring level, and each turn adds to the evidence for moving there. A neighbour
// that is clearly no better rests for a while.
//
// It begins with four writers, and doubles them while that pays: most servers take eight, and the first hundred
// hosts must not be spent on finding that out.
type concurrencyController struct {
	levels   []int // numbers of writers
	baseline int   // index of the best level so far
	current  int   // index of the level of the present window

	skipAnswers   int // answers to requests of the level before, which do not count
	wantedAnswers int // of the window
	madeHosts     int // in the window
	windowStart   time.Time
	answerTime    time.Duration // sum of the window's answers
	stalledExcess int           // how many more answers stalled than came in time

	growing         bool
	lowerRate       *rate // while growing: of the level before
	baselineRate    rate  // of the last window at the baseline
	probeRate       *rate // of a neighbour, not compared yet
	rateBeforeProbe rate  // of the window at the baseline before it
	lastProbed      int   // which neighbour is or was tried last

	hosts      int
	neighbours [2]neighbour
}

// neighbour is what is known of a neighbour of the baseline.
type neighbour struct {
	evidence        float64 // for moving there; below 0 for staying
	retryAt         int     // number of hosts from which it is tried again
	restHosts       int     // how many hosts it rests next time
	baselineLogRate float64 // rate of the baseline when it began to rest
}

// rate is the result of a window: the logarithm of hosts a second, and its variance.
type rate struct{ logRate, variance float64 }

func newConcurrencyController(most int, now time.Time) *concurrencyController {
	s := &concurrencyController{wantedAnswers: firstWindowAnswers, windowStart: now, growing: true}
	for n := 1; n < most; n *= 2 {
		s.levels = append(s.levels, n)
	}
	s.levels = append(s.levels, max(most, 1))
	for s.baseline < len(s.levels)-1 && s.levels[s.baseline] < startWriters {
		s.baseline++
	}
	s.current = s.baseline
	s.resetNeighbours()
	return s
}

// limit returns how many writers may work now.
func (s *concurrencyController) limit() int { return s.levels[s.current] }

// recordAnswer records an answer; made: a host was created.
func (s *concurrencyController) recordAnswer(now time.Time, took time.Duration, made bool) {
	s.hosts++
	if took > stalledAnswer {
		s.recordStall(now)
		return
	}
	s.stalledExcess = max(s.stalledExcess-1, 0)
	s.answerTime += took
	if s.skipAnswers > 0 {
		s.skipAnswers--
		s.restartWindow(now)
		return
	}
	if made {
		s.madeHosts++
	}
	if s.madeHosts >= s.wantedAnswers && now.After(s.windowStart) {
		s.closeWindow(now)
	}
}

// recordStall restarts the window after a stalled answer. If all answers stall there are too many writers.
func (s *concurrencyController) recordStall(now time.Time) {
	s.skipAnswers = max(s.skipAnswers-1, 0)
	s.restartWindow(now)
	s.stalledExcess++
	if s.stalledExcess >= 2*s.limit() {
		s.stepDown()
	}
}

// stepDown moves to the level below the window's, if there is one.
func (s *concurrencyController) stepDown() {
	if s.current == 0 {
		return
	}
	s.growing, s.probeRate, s.stalledExcess = false, nil, 0
	s.baseline = s.current - 1
	s.resetNeighbours()
	s.neighbours[higherNeighbour].evidence = -maxEvidence
	s.restNeighbour(higherNeighbour)
	s.openWindow(s.baseline, s.answersAtBaseline())
}

func (s *concurrencyController) restartWindow(now time.Time) {
	s.windowStart, s.madeHosts, s.answerTime = now, 0, 0
}

// openWindow begins a window at a level. Answers to requests sent before do not count.
func (s *concurrencyController) openWindow(level, want int) {
	if level != s.current {
		s.skipAnswers = s.limit()
	}
	s.current, s.wantedAnswers = level, want
}

// closeWindow ends a window and chooses the next one.
func (s *concurrencyController) closeWindow(now time.Time) {
	r := rate{
		logRate:  math.Log(float64(s.madeHosts) / now.Sub(s.windowStart).Seconds()),
		variance: answerVariance / float64(s.madeHosts),
	}
	mean := s.answerTime / time.Duration(s.madeHosts)
	s.restartWindow(now)
	if mean > overloadedMean && s.current > 0 {
		s.stepDown()
		return
	}
	full := mean > overloadedMean/2
	if s.current != s.baseline {
		s.probeRate, s.rateBeforeProbe = &r, s.baselineRate
		s.openWindow(s.baseline, s.answersAtBaseline())
		return
	}
	s.baselineRate = r
	if s.grow(full) || s.judgeProbe() {
		return
	}
	s.openNextWindow(full)
}

// grow doubles the writers, once without any evidence, and again while each time was worth it. It reports whether
// it did.
func (s *concurrencyController) grow(full bool) bool {
	if !s.growing {
		return false
	}
	if s.lowerRate != nil {
		d := s.lowerRate.logRate - s.baselineRate.logRate
		s.addEvidence(lowerNeighbour, d, s.lowerRate.variance+s.baselineRate.variance)
		s.restNeighbour(lowerNeighbour)
		s.growing = d < -1.5*minGain
	}
	s.growing = s.growing && !full && s.baseline < len(s.levels)-1
	if !s.growing {
		return false
	}
	below := s.baselineRate
	s.lowerRate = &below
	s.baseline++
	s.resetNeighbours()
	s.openWindow(s.baseline, s.answersAtBaseline())
	return true
}

// judgeProbe compares a neighbour with the baseline before and after it, moves there if the evidence is enough, and
// reports whether it did.
func (s *concurrencyController) judgeProbe() bool {
	if s.probeRate == nil {
		return false
	}
	probe := *s.probeRate
	s.probeRate = nil
	if math.Abs(s.rateBeforeProbe.logRate-s.baselineRate.logRate) > loadShift/2 {
		return false // the load changed meanwhile, so the comparison says nothing
	}
	d := probe.logRate - (s.rateBeforeProbe.logRate+s.baselineRate.logRate)/2
	s.addEvidence(s.lastProbed, d, probe.variance+(s.rateBeforeProbe.variance+s.baselineRate.variance)/4)
	proof := s.neighbours[s.lastProbed].evidence
	if proof < decisiveEvidence {
		s.restNeighbour(s.lastProbed)
		return false
	}
	s.baseline += 2*s.lastProbed - 1
	s.resetNeighbours()
	back := 1 - s.lastProbed
	s.neighbours[back].evidence = -proof
	s.restNeighbour(back)
	s.openWindow(s.baseline, s.answersAtBaseline())
	return true
}

// openNextWindow begins a window at a neighbour that is due, else at the baseline.
func (s *concurrencyController) openNextWindow(full bool) {
	for _, n := range [2]int{1 - s.lastProbed, s.lastProbed} {
		level := s.baseline + 2*n - 1
		if level < 0 || level >= len(s.levels) || n == higherNeighbour && full || !s.isProbeDue(n) {
			continue
		}
		s.lastProbed = n
		s.openWindow(level, probeAnswers)
		return
	}
	s.openWindow(s.baseline, s.answersAtBaseline())
}

// isProbeDue reports whether a neighbour is worth a try: it is undecided, its rest is over, or the server has
// become so much slower that fewer writers may do, or so much faster that it may take more. Then old evidence
// counts little.
func (s *concurrencyController) isProbeDue(n int) bool {
	x := &s.neighbours[n]
	change := s.baselineRate.logRate - x.baselineLogRate
	if n == lowerNeighbour {
		change = -change
	}
	if s.hosts < x.retryAt && change > loadShift {
		x.evidence, x.retryAt = 0, s.hosts
	}
	if s.hosts < x.retryAt {
		return false
	}
	x.evidence = max(x.evidence, -1)
	return true
}

// addEvidence adds the result of a comparison: d is how much faster the neighbour was, as a logarithm.
func (s *concurrencyController) addEvidence(n int, d, variance float64) {
	middle := -minGain / 2 // a lower level may be a little slower
	if n == higherNeighbour {
		middle = minGain / 2
	}
	proof := s.neighbours[n].evidence + (d-middle)*minGain/variance
	s.neighbours[n].evidence = min(max(proof, -maxEvidence), maxEvidence)
}

// restNeighbour lets a neighbour rest if it is clearly no better.
func (s *concurrencyController) restNeighbour(n int) {
	x := &s.neighbours[n]
	if x.evidence <= -decisiveEvidence {
		x.retryAt, x.baselineLogRate = s.hosts+x.restHosts, s.baselineRate.logRate
		x.restHosts = min(2*x.restHosts, maxRestHosts)
	}
}

// resetNeighbours forgets what was known of the former baseline's neighbours.
func (s *concurrencyController) resetNeighbours() {
	s.neighbours = [2]neighbour{{restHosts: firstRestHosts}, {restHosts: firstRestHosts}}
}

func (s *concurrencyController) answersAtBaseline() int {
	return max(baselineAnswers, 2*s.levels[s.baseline])
}
