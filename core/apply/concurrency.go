package apply

import (
	"math"
	"time"
)

const (
	startWriters       = 4
	firstWindowAnswers = 6  // of the first window
	baselineAnswers    = 16 // of a window at home, at least; two of each writer
	probeAnswers       = 8  // of a window at a neighbouring level
	firstRestHosts     = 96 // hosts until a neighbour that lost is tried again; doubled each time
	maxRestHosts       = 512
	loadShift          = 0.6 // change of the rate at home, as a logarithm, after which nothing is settled any more

	// minGain is the difference in hosts a second that counts: a higher level must be that much faster,
	// as a logarithm, and a lower one is taken unless it is that much slower. In between lies doubt.
	minGain = 0.1
	// answerVariance is the variance of one answer's time, over its mean squared: those of real servers
	// are spread by ±50 %.
	answerVariance = 0.29 * 0.29
	// decisiveEvidence is how much evidence moves home, or lets a neighbour rest: odds of e^1.5, 4 to 1.
	decisiveEvidence = 1.5
	maxEvidence      = 3

	// stalledAnswer is an answer that says nothing of the server's work: there was a 429, or a try got no
	// answer in its time.
	stalledAnswer = 6 * time.Second
	// overloadedMean is the mean of a window's answers above which there are too many writers; above half
	// of it no more are tried. It keeps answers away from the time-outs, and from nothing else: a
	// busy server takes two seconds an answer, and still makes more hosts with more writers.
	overloadedMean = 4 * time.Second
)

// The neighbours of a level.
const (
	lowerNeighbour = iota
	higherNeighbour
)

// concurrencyController chooses how many writers work at once, by how many hosts a second they make: the lowest
// of the levels 1, 2, 4, 8 … whose rate is as good as any. Answers are uneven and the server's load
// drifts, so a level is only judged against the one before and after it: windows at home take
// turns with short ones at a neighbouring level, and each turn adds to what speaks for moving
// there. A neighbour that is clearly no better is left alone for a while.
//
// It begins with four writers, and doubles them while that pays: most servers take eight, and the
// first hundred hosts must not be spent on finding that out.
type concurrencyController struct {
	levels   []int // writers
	baseline int   // the level that is best so far
	current  int   // the level of the window that runs

	skipAnswers   int // answers to requests of the level before, which are not counted
	wantedAnswers int // answers of the window
	madeHosts     int // hosts so far
	windowStart   time.Time
	answerTime    time.Duration // sum of the answers' times
	stalledExcess int           // how many more answers were waited for than came in time

	growing         bool
	lowerRate       *rate // while rising: of the level before
	baselineRate    rate  // of the last window at home
	probeRate       *rate // of a neighbour, still to be judged
	rateBeforeProbe rate  // of the window at home before it
	lastProbed      int   // lower or higher: which neighbour is or was tried last

	hosts      int
	neighbours [2]neighbour
}

// neighbour is what is known of a neighbour of home.
type neighbour struct {
	evidence        float64 // for moving there; below 0 for staying
	retryAt         int     // number of hosts from which it is tried again
	restHosts       int     // the next distance
	baselineLogRate float64 // rate at home when that was settled
}

// rate is what a window showed: the logarithm of hosts a second, and its variance.
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

// recordAnswer notes an answer. made means that there is one host more.
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

// recordStall begins the window anew after an answer that was waited for. Where all are there are too many
// writers.
func (s *concurrencyController) recordStall(now time.Time) {
	s.skipAnswers = max(s.skipAnswers-1, 0)
	s.restartWindow(now)
	s.stalledExcess++
	if s.stalledExcess >= 2*s.limit() {
		s.stepDown()
	}
}

// stepDown goes to the level below the window's, if there is one.
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

// openWindow begins a window at a level. Answers to what was sent before do not count.
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

// grow doubles the writers, once without any proof, and further while each time was worth it.
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

// judgeProbe compares a neighbour with home before and after it, and moves there if enough speaks for it.
func (s *concurrencyController) judgeProbe() bool {
	if s.probeRate == nil {
		return false
	}
	probe := *s.probeRate
	s.probeRate = nil
	if math.Abs(s.rateBeforeProbe.logRate-s.baselineRate.logRate) > loadShift/2 {
		return false // the load changed meanwhile, which the neighbour is not to blame for
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

// openNextWindow begins a window at a neighbour that is due, else at home.
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

// isProbeDue reports whether a neighbour is worth a try: it was not settled, that is long ago, or the server
// has become so much slower that fewer writers may do, or so much quicker that it may take more.
// What was settled then has to be proved anew.
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

// addEvidence adds what a comparison shows: d is how much faster the neighbour was, as a logarithm.
func (s *concurrencyController) addEvidence(n int, d, variance float64) {
	middle := -minGain / 2 // a lower level may be a little slower
	if n == higherNeighbour {
		middle = minGain / 2
	}
	proof := s.neighbours[n].evidence + (d-middle)*minGain/variance
	s.neighbours[n].evidence = min(max(proof, -maxEvidence), maxEvidence)
}

// restNeighbour lets a neighbour rest that is clearly no better.
func (s *concurrencyController) restNeighbour(n int) {
	if x := &s.neighbours[n]; x.evidence <= -decisiveEvidence {
		x.retryAt, x.baselineLogRate = s.hosts+x.restHosts, s.baselineRate.logRate
		x.restHosts = min(2*x.restHosts, maxRestHosts)
	}
}

// resetNeighbours forgets what was known of the neighbours of the former home.
func (s *concurrencyController) resetNeighbours() {
	s.neighbours = [2]neighbour{{restHosts: firstRestHosts}, {restHosts: firstRestHosts}}
}

func (s *concurrencyController) answersAtBaseline() int {
	return max(baselineAnswers, 2*s.levels[s.baseline])
}
