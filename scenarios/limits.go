package scenarios

import "time"

// The limits of a scenario file. They bound memory and time for hostile input, with room
// for anything sensible. The decoder enforces those that stand in tags as well;
// a test keeps the two equal.
//
// MaxExpectedRequests bounds a closed loop as if every request were refused at once, for so it is when
// backends are down or shed load, whatever their capacity: users × duration ÷ mean think time. Each think time
// counts as at least 100 µs, and as no more than the duration: rare long ones hold nobody up.
const (
	MaxFileBytes        = 256 << 10      // of a scenario file
	MaxReplayBytes      = 256 << 20      // of a replayed log
	MaxReplayRows       = 2_000_000      // of a replayed log
	MaxReplayLine       = 64 << 10       // bytes of one line of it
	MaxBackends         = 4096           // all groups together
	MaxGroups           = 256            //
	MaxFaults           = 256            //
	MaxBalancers        = 1024           //
	MaxPairs            = 1 << 19        // balancers times backends: each balancer keeps its own view of each
	MaxZones            = 64             //
	MaxClients          = 1_000_000      //
	MaxUsers            = 1_000_000      // of a closed loop
	MaxClasses          = 64             //
	MaxSteps            = 1000           // of arrivals: steps
	MaxStates           = 16             // of arrivals: mmpp
	MaxPoints           = 10_000         // of an empirical distribution
	MaxCases            = 64             //
	MaxVariants         = 64             //
	MaxOverlays         = 512            // cases times variants
	MaxExpectations     = 256            //
	MaxSeeds            = 10_000         // replications
	MaxRetries          = 16             // of a request by its client
	MaxDuration         = 24 * time.Hour //
	MaxExpectedRequests = 200_000_000    // of one run, in the mean
	MaxRate             = 50_000_000     // requests a second
	MaxDemand           = 24 * time.Hour // of one request: longer draws are cut off here
	MaxAbout            = 4000           // characters
	MaxName             = 64             // characters
)
