// Prints sizes and offsets as the runtime's marshaller sees them, and the constants, in the spelling of abi/layout.json; refuses a struct
// that is not blittable, because such a struct would be copied at every call.
using System;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Ltx;

static class Layout {
  static readonly Type[] Plain = { typeof(byte), typeof(int), typeof(uint), typeof(long), typeof(ulong), typeof(float),
                                   typeof(double), typeof(IntPtr), typeof(UIntPtr) };

  /// bool and char are not: their managed and native sizes differ. A fixed array is a struct of its element.
  static bool Blittable(Type type) {
    return type.IsPointer || type.IsEnum || Plain.Contains(type) ||
           type.IsValueType && !type.IsPrimitive &&
               type.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance).All(f => Blittable(f.FieldType));
  }

  static int SizeOf(FieldInfo field) {
    if (field.FieldType.IsPointer) return IntPtr.Size;
    if (field.FieldType.IsEnum) return Marshal.SizeOf(Enum.GetUnderlyingType(field.FieldType));
    return Marshal.SizeOf(field.FieldType);  // that of a fixed array is the whole array
  }

  static string Members(Type type) {
    var lines = type.GetFields(BindingFlags.Public | BindingFlags.Instance)
                    .Select(f => string.Format("      \"{0}\": [{1}, {2}]", f.Name, Marshal.OffsetOf(type, f.Name), SizeOf(f)));
    return string.Format("    \"{0}\": {{\n      \"size\": {1},\n{2}\n    }}", type.Name, Marshal.SizeOf(type), string.Join(",\n", lines));
  }

  static int Main() {
    Type[] types = typeof(Native).Assembly.GetTypes().Where(t => t.Namespace == "Ltx").OrderBy(t => t.MetadataToken).ToArray();
    Type[] structs = types.Where(t => t.IsValueType && !t.IsEnum && t.GetField("struct_size") != null).ToArray();
    foreach (Type type in structs)
      if (!Blittable(type)) {
        Console.Error.WriteLine("{0} is not blittable", type.Name);
        return 1;
      }
    var constants = types.Where(t => t.IsEnum).SelectMany(
        t => t.GetFields(BindingFlags.Public | BindingFlags.Static)
              .Select(f => string.Format("    \"{0}\": {1}", f.Name, (int)f.GetRawConstantValue())));
    var text = new StringBuilder("{\n  \"structs\": {\n");
    text.Append(string.Join(",\n", structs.Select(Members)));
    text.Append("\n  },\n  \"constants\": {\n").Append(string.Join(",\n", constants)).Append("\n  }\n}\n");
    Console.Write(text);
    return 0;
  }
}
