package apply

import (
	"math"
	"time"
)

const (
	startWriters  = 4
	firstAnswers  = 6  // of the first window
	homeAnswers   = 16 // of a window at home, at least; two of each writer
	probeAnswers  = 8  // of a window at a neighbouring level
	firstDistance = 96 // hosts until a neighbour that lost is tried again; doubled each time
	mostDistance  = 512
	otherLoad     = 0.6 // change of the rate at home, as a logarithm, after which nothing is settled any more

	// gain is the difference in hosts a second that counts: a higher level must be that much faster,
	// as a logarithm, and a lower one is taken unless it is that much slower. In between lies doubt.
	gain = 0.1
	// unevenness is the variance of one answer's time, over its mean squared: those of real servers
	// are spread by ±50 %.
	unevenness = 0.29 * 0.29
	// sure is how much evidence moves home, or lets a neighbour rest: odds of e^1.5, 4 to 1.
	sure      = 1.5
	mostProof = 3

	// waited is an answer that says nothing of the server's work: there was a 429, or a try got no
	// answer in its time.
	waited = 6 * time.Second
	// crowded is the mean of a window's answers above which there are too many writers; above half
	// of it no more are tried. It keeps answers away from the time-outs, and from nothing else: a
	// busy server takes two seconds an answer, and still makes more hosts with more writers.
	crowded = 4 * time.Second
)

// The neighbours of a level.
const (
	lower = iota
	higher
)

// steer chooses how many writers work at once, by how many hosts a second they make: the lowest
// of the levels 1, 2, 4, 8 … whose rate is as good as any. Answers are uneven and the server's load
// drifts, so a level is only judged against the one before and after it: windows at home take
// turns with short ones at a neighbouring level, and each turn adds to what speaks for moving
// there. A neighbour that is clearly no better is left alone for a while.
//
// It begins with four writers, and doubles them while that pays: most servers take eight, and the
// first hundred hosts must not be spent on finding that out.
type steer struct {
	levels []int // writers
	home   int   // the level that is best so far
	at     int   // the level of the window that runs

	skip     int // answers to requests of the level before, which are not counted
	want     int // answers of the window
	made     int // hosts so far
	begun    time.Time
	took     time.Duration // sum of the answers' times
	sluggish int           // how many more answers were waited for than came in time

	rising bool
	below  *rate // while rising: of the level before
	last   rate  // of the last window at home
	probe  *rate // of a neighbour, still to be judged
	before rate  // of the window at home before it
	side   int   // lower or higher: which neighbour is or was tried last

	hosts int
	sides [2]side
}

// side is what is known of a neighbour of home.
type side struct {
	proof float64 // for moving there; below 0 for staying
	due   int     // number of hosts from which it is tried again
	rest  int     // the next distance
	log   float64 // rate at home when that was settled
}

// rate is what a window showed: the logarithm of hosts a second, and its variance.
type rate struct{ log, variance float64 }

func newSteer(most int, now time.Time) *steer {
	s := &steer{want: firstAnswers, begun: now, rising: true}
	for n := 1; n < most; n *= 2 {
		s.levels = append(s.levels, n)
	}
	s.levels = append(s.levels, max(most, 1))
	for s.home < len(s.levels)-1 && s.levels[s.home] < startWriters {
		s.home++
	}
	s.at = s.home
	s.leaveHome()
	return s
}

// limit returns how many writers may work now.
func (s *steer) limit() int { return s.levels[s.at] }

// done notes an answer. made means that there is one host more.
func (s *steer) done(now time.Time, took time.Duration, made bool) {
	s.hosts++
	if took > waited {
		s.stumble(now)
		return
	}
	s.sluggish = max(s.sluggish-1, 0)
	s.took += took
	if s.skip > 0 {
		s.skip--
		s.restart(now)
		return
	}
	if made {
		s.made++
	}
	if s.made >= s.want && now.After(s.begun) {
		s.close(now)
	}
}

// stumble begins the window anew after an answer that was waited for. Where all are there are too many
// writers.
func (s *steer) stumble(now time.Time) {
	s.skip = max(s.skip-1, 0)
	s.restart(now)
	s.sluggish++
	if s.sluggish >= 2*s.limit() {
		s.retreat()
	}
}

// retreat goes to the level below the window's, if there is one.
func (s *steer) retreat() {
	if s.at == 0 {
		return
	}
	s.rising, s.probe, s.sluggish = false, nil, 0
	s.home = s.at - 1
	s.leaveHome()
	s.sides[higher].proof = -mostProof
	s.settle(higher)
	s.open(s.home, s.homeAnswers())
}

func (s *steer) restart(now time.Time) { s.begun, s.made, s.took = now, 0, 0 }

// open begins a window at a level. Answers to what was sent before do not count.
func (s *steer) open(level, want int) {
	if level != s.at {
		s.skip = s.limit()
	}
	s.at, s.want = level, want
}

// close ends a window and chooses the next one.
func (s *steer) close(now time.Time) {
	r := rate{
		log:      math.Log(float64(s.made) / now.Sub(s.begun).Seconds()),
		variance: unevenness / float64(s.made),
	}
	mean := s.took / time.Duration(s.made)
	s.restart(now)
	if mean > crowded && s.at > 0 {
		s.retreat()
		return
	}
	full := mean > crowded/2
	if s.at != s.home {
		s.probe, s.before = &r, s.last
		s.open(s.home, s.homeAnswers())
		return
	}
	s.last = r
	if s.rise(full) || s.judge() {
		return
	}
	s.choose(full)
}

// rise doubles the writers, once without any proof, and further while each time was worth it.
func (s *steer) rise(full bool) bool {
	if !s.rising {
		return false
	}
	if s.below != nil {
		d := s.below.log - s.last.log
		s.add(lower, d, s.below.variance+s.last.variance)
		s.settle(lower)
		s.rising = d < -1.5*gain
	}
	s.rising = s.rising && !full && s.home < len(s.levels)-1
	if !s.rising {
		return false
	}
	below := s.last
	s.below = &below
	s.home++
	s.leaveHome()
	s.open(s.home, s.homeAnswers())
	return true
}

// judge compares a neighbour with home before and after it, and moves there if enough speaks for it.
func (s *steer) judge() bool {
	if s.probe == nil {
		return false
	}
	probe := *s.probe
	s.probe = nil
	if math.Abs(s.before.log-s.last.log) > otherLoad/2 {
		return false // the load changed meanwhile, which the neighbour is not to blame for
	}
	d := probe.log - (s.before.log+s.last.log)/2
	s.add(s.side, d, probe.variance+(s.before.variance+s.last.variance)/4)
	proof := s.sides[s.side].proof
	if proof < sure {
		s.settle(s.side)
		return false
	}
	s.home += 2*s.side - 1
	s.leaveHome()
	back := 1 - s.side
	s.sides[back].proof = -proof
	s.settle(back)
	s.open(s.home, s.homeAnswers())
	return true
}

// choose begins a window at a neighbour that is due, else at home.
func (s *steer) choose(full bool) {
	for _, n := range [2]int{1 - s.side, s.side} {
		level := s.home + 2*n - 1
		if level < 0 || level >= len(s.levels) || n == higher && full || !s.due(n) {
			continue
		}
		s.side = n
		s.open(level, probeAnswers)
		return
	}
	s.open(s.home, s.homeAnswers())
}

// due reports whether a neighbour is worth a try: it was not settled, that is long ago, or the server
// has become so much slower that fewer writers may do, or so much quicker that it may take more.
// What was settled then has to be proved anew.
func (s *steer) due(n int) bool {
	x := &s.sides[n]
	change := s.last.log - x.log
	if n == lower {
		change = -change
	}
	if s.hosts < x.due && change > otherLoad {
		x.proof, x.due = 0, s.hosts
	}
	if s.hosts < x.due {
		return false
	}
	x.proof = max(x.proof, -1)
	return true
}

// add adds what a comparison shows: d is how much faster the neighbour was, as a logarithm.
func (s *steer) add(n int, d, variance float64) {
	middle := -gain / 2 // a lower level may be a little slower
	if n == higher {
		middle = gain / 2
	}
	proof := s.sides[n].proof + (d-middle)*gain/variance
	s.sides[n].proof = min(max(proof, -mostProof), mostProof)
}

// settle lets a neighbour rest that is clearly no better.
func (s *steer) settle(n int) {
	if x := &s.sides[n]; x.proof <= -sure {
		x.due, x.log = s.hosts+x.rest, s.last.log
		x.rest = min(2*x.rest, mostDistance)
	}
}

// leaveHome forgets what was known of the neighbours of the former home.
func (s *steer) leaveHome() {
	s.sides = [2]side{{rest: firstDistance}, {rest: firstDistance}}
}

func (s *steer) homeAnswers() int { return max(homeAnswers, 2*s.levels[s.home]) }
