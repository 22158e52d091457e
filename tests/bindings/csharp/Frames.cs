// Frames and samples are seen from C# where the library keeps them: what the generated declarations show has the address that the
// function itself writes into plain bytes, and what an event lends lies in the clip that is kept.
using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Ltx;

static unsafe class Frames {
  [DllImport(Native.Library, CallingConvention = CallingConvention.Cdecl, EntryPoint = "ltx_result_video")]
  static extern int VideoBytes(IntPtr result, byte* block);
  [DllImport(Native.Library, CallingConvention = CallingConvention.Cdecl, EntryPoint = "ltx_result_audio")]
  static extern int AudioBytes(IntPtr result, byte* block);

  static void Check(ltx_status status) {
    if (status != ltx_status.LTX_OK) throw new Exception(status.ToString());
  }

  static void Equal(string what, IntPtr found, IntPtr expected) {
    if (found == IntPtr.Zero || found != expected) throw new Exception(string.Format("{0}: {1:x}, not {2:x}", what, (long)found, (long)expected));
  }

  static IntPtr PointerAt(byte* block, Type type) {
    return *(IntPtr*)(block + (int)Marshal.OffsetOf(type, "data"));
  }

  static byte[] Block(ltx_struct type, int size) {
    var block = new byte[size];
    fixed (byte* bytes = block) Check(Native.ltx_init(type, bytes, (UIntPtr)size));
    return block;
  }

  static ltx_pipeline* Open(string folder) {
    ltx_model_paths models;
    ltx_pipeline_params settings;
    ltx_pipeline* pipeline;
    Check(Native.ltx_model_paths_init(&models));
    Check(Native.ltx_pipeline_params_init(&settings));
    fixed (byte* root = Encoding.UTF8.GetBytes(folder + "\0")) {
      models.root = root;
      settings.kind = ltx_pipeline_kind.LTX_PIPELINE_DISTILLED;
      settings.models = &models;
      Check(Native.ltx_pipeline_create(&settings, &pipeline));
    }
    return pipeline;
  }

  static ltx_job* Start(ltx_pipeline* pipeline) {
    ltx_request request;
    ltx_output output;
    ltx_job* job;
    Check(Native.ltx_request_init(&request));
    Check(Native.ltx_output_init(&output));
    output.keep_frames = output.stream_frames = 1;
    request.output = &output;
    request.width = request.height = 64;
    request.num_frames = 9;
    fixed (byte* prompt = Encoding.UTF8.GetBytes("rain on a pasture\0")) {
      request.prompt = prompt;
      Check(Native.ltx_generate_start(pipeline, &request, &job));
    }
    return job;
  }

  static int Main(string[] args) {
    ltx_pipeline* pipeline = Open(args[0]);
    ltx_job* job = Start(pipeline);
    ltx_event e;
    IntPtr streamed = IntPtr.Zero;
    Check(Native.ltx_event_init(&e));
    do {
      Check(Native.ltx_job_next_event(job, -1, &e));
      if (e.type == ltx_event_type.LTX_EVENT_FRAMES && streamed == IntPtr.Zero) streamed = (IntPtr)e.video->data;
    } while (e.type != ltx_event_type.LTX_EVENT_FINISHED);
    Check(e.status);

    ltx_result* result;
    ltx_video_buffer video;
    ltx_audio_buffer audio;
    Check(Native.ltx_job_result(job, &result));
    Check(Native.ltx_video_buffer_init(&video));
    Check(Native.ltx_audio_buffer_init(&audio));
    Check(Native.ltx_result_video(result, &video));
    Check(Native.ltx_result_audio(result, &audio));
    fixed (byte* bytes = Block(ltx_struct.LTX_STRUCT_VIDEO_BUFFER, sizeof(ltx_video_buffer))) {
      Check((ltx_status)VideoBytes((IntPtr)result, bytes));
      Equal("frames", (IntPtr)video.data, PointerAt(bytes, typeof(ltx_video_buffer)));
    }
    fixed (byte* bytes = Block(ltx_struct.LTX_STRUCT_AUDIO_BUFFER, sizeof(ltx_audio_buffer))) {
      Check((ltx_status)AudioBytes((IntPtr)result, bytes));
      Equal("samples", (IntPtr)audio.data, PointerAt(bytes, typeof(ltx_audio_buffer)));
    }
    Equal("frames of an event", streamed, (IntPtr)video.data);
    using (var stream = new UnmanagedMemoryStream((byte*)video.data, (long)video.data_size))
      Equal("a stream over the frames", (IntPtr)stream.PositionPointer, (IntPtr)video.data);
    Console.WriteLine("{0} bytes of frames and {1} samples, none copied", video.data_size, audio.sample_count);
    Native.ltx_free(result);
    Native.ltx_free(job);
    Native.ltx_free(pipeline);
    return 0;
  }
}
