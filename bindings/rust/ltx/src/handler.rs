//! A closure as event handler of a blocking call. The library calls it on the caller's own thread. A panic must not cross the
//! C frames between: it is caught, cancels the call, and goes on when the call has returned.

use std::any::Any;
use std::ffi::c_void;
use std::ops::ControlFlow;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};

use ltx_sys as sys;

use crate::event::Event;

struct Handler<'f> {
    function: &'f mut dyn FnMut(&Event<'_>) -> ControlFlow<()>,
    panic: Option<Box<dyn Any + Send>>,
}

unsafe extern "C" fn on_event(event: *const sys::ltx_event, user_data: *mut c_void) -> i32 {
    // SAFETY: `user_data` is the handler of `run`, which waits for the call; the event lives until this function returns.
    let (handler, event) = unsafe { (&mut *user_data.cast::<Handler<'_>>(), Event::from_raw(&*event)) };
    if handler.panic.is_some() {
        return 1;
    }
    match catch_unwind(AssertUnwindSafe(|| (handler.function)(&event))) {
        Ok(ControlFlow::Continue(())) => 0,
        Ok(ControlFlow::Break(())) => 1,
        Err(panic) => {
            handler.panic = Some(panic);
            1
        }
    }
}

/// Runs a blocking call with a closure as handler.
pub(crate) fn run<T>(
    mut function: impl FnMut(&Event<'_>) -> ControlFlow<()>,
    call: impl FnOnce(sys::ltx_event_fn, *mut c_void) -> T,
) -> T {
    let mut handler = Handler {
        function: &mut function,
        panic: None,
    };
    let result = call(Some(on_event), (&mut handler as *mut Handler<'_>).cast());
    match handler.panic {
        Some(panic) => resume_unwind(panic),
        None => result,
    }
}
