% Prints what queueing theory expects of the simulator, as CSV, computed with
% GNU Octave and its queueing package: see ../README.md for the columns.
%
% Wherever there is a choice, a value is computed by another road than the
% closed formula that sim's theory test holds: from the package, from the
% stationary distribution of a Markov chain, by integrating a density, by
% letting differential equations come to rest. The last column says which.
1; % a script, not a function file
warning("off"); % version 1.2.7 of the package uses operators that Octave 7 calls deprecated
pkg load queueing

% row prints one case. t is a tail function P(T > t), or [] where no quantile is known.
function row(name, model, W, t, lost_pct, rate, how)
  if isempty(t)
    q = repmat({""}, 1, 3);
  else
    q = cellfun(@(p) sprintf("%.7g", quantile_of(t, p)), {0.5, 0.9, 0.99}, "UniformOutput", false);
  end
  printf("%s,%s,%.7g,%s,%s,%s,%.6g,%.7g,%s\n", name, model, W, q{:}, lost_pct, rate, how);
end

function x = quantile_of(tail, p)
  high = 1;
  while tail(high) > 1 - p
    high *= 2;
  end
  x = fzero(@(t) tail(t) - (1 - p), [0, high], optimset("TolX", 1e-12, "Display", "off"));
end

% ph_tail is P(T > t) of the phase-type distribution with start vector a and rates S.
function y = ph_tail(a, S, t)
  y = a * expm(S * t) * ones(rows(S), 1);
end

% erlang_mix is P(T > t) when T takes k exponential stages of rate 1 with probability w(k).
function y = erlang_mix(w, t)
  y = sum(w(:)' .* gammainc(t, 1:numel(w), "upper"));
end

% stationary solves pi Q = 0 for a sparse generator.
function x = stationary(Q)
  A = Q';
  A(end, :) = 1;
  b = zeros(rows(A), 1);
  b(end) = 1;
  x = (A \ b)';
end

% --- M/M/1 and M/M/c, FIFO -------------------------------------------------

function mm1(rho)
  [~, W] = qsmm1(rho, 1);
  row(sprintf("mm1-%g", rho), sprintf("M/M/1 rho=%g", rho), W, @(t) ph_tail(1, -1 / W, t), 0, rho, "qsmm1; expm");
end

function mmc(c, rho)
  [~, W] = qsmmm(c * rho, 1, c);
  waits = 1 - sum(qsmmm(c * rho, 1, c, 0:c-1)); % Erlang C
  S = [-c*(1-rho), c*(1-rho); 0, -1];           % waiting, then service
  tail = @(t) ph_tail([waits, 1 - waits], S, t);
  row(sprintf("mm%d-%g", c, rho), sprintf("M/M/%d rho=%g", c, rho), W, tail, 0, c * rho, "qsmmm; expm");
end

% At most K requests in the system; the others are turned away. W is of those let in.
function mmck(c, K, rho)
  [~, W, ~, rate, ~, full] = qsmmmk(c * rho, 1, c, K);
  p = arrayfun(@(n) qsmmmk(c * rho, 1, c, K, n), 0:K-1);
  p /= sum(p);                                  % what a request finds that is let in
  S = -eye(K - c + 1);                          % stage 1: service; stage 1+k: k services must end first
  a = [sum(p(1:c)), p(c+1:end)];
  for k = 1:K-c
    S(k+1, [k, k+1]) = [c, -c];
  end
  row(sprintf("mm%dk%d-%g", c, K, rho), sprintf("M/M/%d/%d rho=%g", c, K, rho), W, @(t) ph_tail(a, S, t), 100 * full, rate, "qsmmmk; expm");
end

% --- M/G/1 ------------------------------------------------------------------

function mg1(name, words, m2, rho)
  [~, W] = qsmg1(rho, 1, m2);
  row(sprintf("mg1-%s-%g", name, rho), sprintf("M/G/1 %s rho=%g", words, rho), W, [], 0, rho, "qsmg1; moments by quadgk");
end

% second_moment is that of the density, which need not be normalised, scaled to mean 1.
function m2 = second_moment(density, low, high)
  integral = @(f) quadgk(f, low, high, "AbsTol", 1e-12, "RelTol", 1e-10);
  m2 = integral(@(x) x.^2 .* density(x)) * integral(density) / integral(@(x) x .* density(x))^2;
end

% Deterministic service. The chain of what departures leave behind is also what anyone finds (PASTA);
% the wait follows by a sum without cancellation (Franx, Oper. Res. Letters 29, 2001).
function md1(rho)
  [~, W] = qsmg1(rho, 1, 1);
  K = 250;
  arrivals = exp(-rho + (0:K) * log(rho) - gammaln(1:K+1));
  P = zeros(K + 1);
  for k = 0:K
    left = max(k - 1, 0);
    P(k+1, left+1:K+1) = arrivals(1:K+1-left);
    P(k+1, K+1) += 1 - sum(P(k+1, :));
  end
  waiting = cumsum(dtmc(P))(2:end);             % P(at most 0, 1, 2 ... wait)
  row(sprintf("md1-%g", rho), sprintf("M/D/1 rho=%g", rho), W, @(t) md1_tail(rho, waiting, t), 0, rho, "qsmg1; dtmc at departures");
end

function y = md1_tail(rho, waiting, t)
  y = 1;
  if t >= 1
    k = floor(t - 1) + 1;
    x = rho * (k - (t - 1));
    y = 1 - exp(-x) * sum(waiting(k:-1:1) .* x.^(0:k-1) ./ factorial(0:k-1));
  end
end

% Hyperexponential service: means m(i) with probabilities b(i). The wait is a geometric sum of
% residual services, which is of phase type again (Neuts).
function mh1(b, m, rho)
  T = diag(-1 ./ m);
  t0 = 1 ./ m';
  residual = b .* m / sum(b .* m);
  [~, W] = qsmg1(rho, 1, 2 * sum(b .* m.^2));
  wait = T + rho * t0 * residual;
  S = [wait, (-wait * ones(2, 1)) * b; zeros(2), T];
  a = [rho * residual, (1 - rho) * b];
  row(sprintf("mh1-%g", rho), sprintf("M/H2/1 90%%:0.5 10%%:5.5 rho=%g", rho), W, @(t) ph_tail(a, S, t), 0, rho, "qsmg1; expm");
end

% Processor sharing with the same service: a Markov chain over the numbers of either kind.
function ps(b, m, rho)
  N = 140; % rho^N is far below the digits printed
  at = @(i, j) i * (N + 1) + j + 1;
  [I, J] = ndgrid(0:N, 0:N);
  keep = I(:) + J(:) <= N;
  I = I(:)(keep); J = J(:)(keep);
  number = zeros((N + 1)^2, 1);
  number(at(I, J)) = 1:numel(I);
  all = I + J;
  Q = sparse(numel(I), numel(I));
  grow = all < N;
  moves = {grow, at(I + 1, J), rho * b(1) * ones(size(I)); grow, at(I, J + 1), rho * b(2) * ones(size(I)); ...
           I > 0, at(I - 1, J), I ./ max(all, 1) / m(1); J > 0, at(I, J - 1), J ./ max(all, 1) / m(2)};
  for k = 1:rows(moves)
    [ok, to, speed] = moves{k, :};
    Q += sparse(find(ok), number(to(ok)), speed(ok), rows(Q), rows(Q));
  end
  Q -= spdiags(sum(Q, 2), 0, rows(Q), rows(Q));
  row(sprintf("ps-mh1-%g", rho), sprintf("M/H2/1-PS 90%%:0.5 10%%:5.5 rho=%g", rho), stationary(Q) * all / rho, [], 0, rho, "Markov chain; Little's law");
end

% --- Policies ---------------------------------------------------------------

% Round robin to n M/M/1 servers: each sees Erlang-n arrivals. The chain of what arrivals find.
function round_robin(n, rho)
  a = n * rho / (n * rho + 1);
  gim1(sprintf("rr%d-%g", n, rho), sprintf("round robin to %d x M/M/1 rho=%g", n, rho), @(j) exp(gammaln(n + j) - gammaln(n) - gammaln(j + 1) + n * log(a) + j * log(1 - a)), n * rho);
end

% Evenly spaced arrivals at one exponential server.
function dm1(rho)
  gim1(sprintf("dm1-%g", rho), sprintf("D/M/1 rho=%g", rho), @(j) exp(-1 / rho - j * log(rho) - gammaln(j + 1)), rho);
end

% GI/M/1 where between two arrivals a busy server completes j services with probability served(j).
function gim1(name, model, served, rate)
  K = 250;
  P = zeros(K + 1);
  for k = 0:K
    up = min(k + 1, K); % after the arrival
    done = served(0:up-1);
    P(k+1, up+1-(0:up-1)) += done;
    P(k+1, 1) += 1 - sum(done);
  end
  found = dtmc(P);
  row(name, model, found * (1:K+1)', @(t) erlang_mix(found, t), 0, rate, "dtmc at arrivals");
end

% Join the shorter of two M/M/1 queues (least connections, or p2c over two backends), exactly.
function jsq2(rho, K)
  [I, J] = ndgrid(0:K, 0:K);
  I = I(:); J = J(:);
  at = @(i, j) j * (K + 1) + i + 1;
  n = numel(I);
  Q = sparse(n, n);
  toI = 2 * rho * ((I < J) + (I == J) / 2);
  toJ = 2 * rho - toI;
  for move = {I < K, at(I + 1, J), toI; J < K, at(I, J + 1), toJ; I > 0, at(I - 1, J), ones(n, 1); J > 0, at(I, J - 1), ones(n, 1)}'
    [ok, to, speed] = move{:};
    Q += sparse(find(ok), to(ok), speed(ok), n, n);
  end
  Q -= spdiags(sum(Q, 2), 0, n, n);
  p = stationary(Q);
  shorter = accumarray(min(I, J) + 1, p');
  row(sprintf("jsq2of2-%g", rho), sprintf("join the shorter of 2 x M/M/1 rho=%g", rho), p * (I + J) / (2 * rho), @(t) erlang_mix(shorter, t), 0, 2 * rho, "Markov chain; Little's law");
end

% The shortest of d sampled among infinitely many M/M/1 queues: s(k) is the share of
% queues with k or more; the fluid equations come to rest.
function jsqd(d, rho)
  K = 40;
  flow = @(s, t) rho * ([1; s(1:end-1)].^d - s.^d) - (s - [s(2:end); 0]);
  lsode_options("relative tolerance", 1e-11);
  lsode_options("absolute tolerance", 1e-13);
  s = lsode(flow, zeros(K, 1), [0, 5000])(end, :);
  join = [1, s(1:end-1)].^d - s.^d; % P(the shortest sampled has k requests)
  row(sprintf("jsq%d-%g", d, rho), sprintf("JSQ(%d) n->inf rho=%g", d, rho), sum(s) / rho, @(t) erlang_mix(join, t), 0, rho, "fluid equations by lsode");
end

% JIQ-Random with r servers per dispatcher, both many (Lu et al., 2011): dispatchers' queues of idle
% servers are M/M/1 of load x; a request that finds none goes anywhere.
function jiq(r, rho)
  x = fzero(@(x) (r * (1 - rho)) * (1 - x) - x, [0, 1]);
  [~, W] = qsmm1(rho * (1 - x), 1);
  row(sprintf("jiq%d-%g", r, rho), sprintf("JIQ-Random r=%d n->inf rho=%g", r, rho), W, [], 0, rho, "fzero; qsmm1");
end

% Random split over M/M/1 servers of different speeds, in proportion to weights.
function split(name, words, speeds, weights, rho)
  lambda = rho * sum(speeds) * weights / sum(weights);
  [~, W] = qsmm1(lambda, speeds);
  share = lambda / sum(lambda);
  row(sprintf("split-%s-%g", name, rho), sprintf("random split %s rho=%g", words, rho), share * W', @(t) share * exp(-t ./ W'), 0, sum(lambda), "qsmm1 per server");
end

% Closed loop: N users, exponential think time of mean Z, one station of c exponential servers.
function closed(N, Z, c)
  [~, W, ~, rate] = qncsmva(N, 1, 1, c, Z);
  row(sprintf("closed-%d-%g-%d", N, Z, c), sprintf("closed N=%d Z=%g c=%d", N, Z, c), W, [], 0, rate, "qncsmva");
end

printf("name,model,W,p50,p90,p99,lost_pct,rate,how\n");
for rho = [0.5, 0.7, 0.8, 0.9, 0.95], mm1(rho); end
mmc(2, 0.5); mmc(2, 0.9); mmc(4, 0.7); mmc(5, 0.8); mmc(10, 0.9); mmc(20, 0.95);
mmck(1, 5, 0.8); mmck(1, 5, 1.2); mmck(4, 10, 0.9); mmck(2, 2, 0.7);
md1(0.5); md1(0.8); md1(0.9);
lognormal = @(x) exp(-(log(x) + 0.5).^2 / 2) ./ (x * sqrt(2 * pi));
pareto = @(x) 2.5 * 0.6^2.5 * x.^-3.5;
normal = @(x) exp(-(x - 1).^2 / 2);
for rho = [0.5, 0.8]
  mg1("lognormal", "lognormal sigma=1", second_moment(lognormal, 0, Inf), rho);
  mg1("pareto", "Pareto alpha=2.5", second_moment(pareto, 0.6, Inf), rho);
  mg1("normal", "normal sigma=mu cut at 0", second_moment(normal, 0, Inf), rho);
  mg1("bimodal", "bimodal 90%:0.5 10%:5.5", 0.9 * 0.5^2 + 0.1 * 5.5^2, rho);
  mh1([0.9, 0.1], [0.5, 5.5], rho);
  ps([0.9, 0.1], [0.5, 5.5], rho);
end
round_robin(2, 0.8); round_robin(5, 0.7); round_robin(10, 0.9); dm1(0.8); dm1(0.9);
jsq2(0.8, 90); jsq2(0.9, 160);
for d = [2, 3, 5], jsqd(d, 0.9); end
jsqd(2, 0.7); jsqd(2, 0.95);
jiq(10, 0.9); jiq(20, 0.8);
split("even", "1:3 blind to speed", [1, 3], [1, 1], 0.4);
split("fair", "1:3 by speed", [1, 3], [1, 3], 0.8);
closed(10, 9, 1); closed(20, 9, 1); closed(40, 9, 4);
