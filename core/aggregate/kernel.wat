;; The inner loops of a weighted mean, two float64 at a time. Every operation is one of WebAssembly's deterministic ones,
;; rounded once (no fused multiply-add): the same bytes on any machine as the same loops in JavaScript.
;; $n counts elements and is a multiple of 4; $x points at float32, $sum at float64.
(module
  (import "env" "memory" (memory 1))

  ;; sum[i] += w * f64(x[i])
  (func (export "accumulate") (param $x i32) (param $sum i32) (param $n i32) (param $w f64)
    (local $four v128) (local $ww v128) (local $end i32)
    (if (i32.eqz (local.get $n)) (then (return)))
    (local.set $ww (f64x2.splat (local.get $w)))
    (local.set $end (i32.add (local.get $x) (i32.shl (local.get $n) (i32.const 2))))
    (loop $next
      (local.set $four (v128.load (local.get $x)))
      (v128.store (local.get $sum)
        (f64x2.add (v128.load (local.get $sum))
          (f64x2.mul (local.get $ww) (f64x2.promote_low_f32x4 (local.get $four)))))
      (v128.store offset=16 (local.get $sum)
        (f64x2.add (v128.load offset=16 (local.get $sum))
          (f64x2.mul (local.get $ww)
            (f64x2.promote_low_f32x4
              (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $four) (local.get $four))))))
      (local.set $x (i32.add (local.get $x) (i32.const 16)))
      (local.set $sum (i32.add (local.get $sum) (i32.const 32)))
      (br_if $next (i32.lt_u (local.get $x) (local.get $end)))))

  ;; sum[i] /= d
  (func (export "divide") (param $sum i32) (param $n i32) (param $d f64)
    (local $dd v128) (local $end i32)
    (if (i32.eqz (local.get $n)) (then (return)))
    (local.set $dd (f64x2.splat (local.get $d)))
    (local.set $end (i32.add (local.get $sum) (i32.shl (local.get $n) (i32.const 3))))
    (loop $next
      (v128.store (local.get $sum) (f64x2.div (v128.load (local.get $sum)) (local.get $dd)))
      (local.set $sum (i32.add (local.get $sum) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $sum) (local.get $end)))))

  ;; x[i] = f32(f64(x[i]) + sum[i]); 1 when an element came out as NaN or infinite, else 0
  (func (export "step") (param $x i32) (param $sum i32) (param $n i32) (result i32)
    (local $four v128) (local $odd v128) (local $end i32)
    (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
    (local.set $end (i32.add (local.get $x) (i32.shl (local.get $n) (i32.const 2))))
    (loop $next
      (local.set $four (v128.load (local.get $x)))
      (local.set $four
        (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
          (f32x4.demote_f64x2_zero
            (f64x2.add (f64x2.promote_low_f32x4 (local.get $four)) (v128.load (local.get $sum))))
          (f32x4.demote_f64x2_zero
            (f64x2.add
              (f64x2.promote_low_f32x4
                (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $four) (local.get $four)))
              (v128.load offset=16 (local.get $sum))))))
      (v128.store (local.get $x) (local.get $four))
      ;; A value less itself is zero, but for NaN and infinity, where it is NaN.
      (local.set $odd
        (v128.or (local.get $odd)
          (f32x4.ne (f32x4.sub (local.get $four) (local.get $four)) (v128.const i32x4 0 0 0 0))))
      (local.set $x (i32.add (local.get $x) (i32.const 16)))
      (local.set $sum (i32.add (local.get $sum) (i32.const 32)))
      (br_if $next (i32.lt_u (local.get $x) (local.get $end))))
    (v128.any_true (local.get $odd)))
)
